import { describe, expect, test } from 'vitest';
import {
  bulkhead,
  type CallContext,
  circuitBreaker,
  type Clock,
  deadline,
  fallback,
  fixed,
  pipeline,
  type Policy,
  ResilienceError,
  retry,
  retryBudget,
  timeout,
} from '@nines/resilience';
import { createFaultProxy } from '@nines/resilience/chaos';

import { adaptiveThrottle, rateLimit } from '@nines/resilience/throttle';
import { FakeClock } from '@nines/resilience/testing';
import { down, errorOf, flush, up } from './calls.ts';

function refused(run: () => unknown): ResilienceError {
  try {
    run();
  } catch (error) {
    if (error instanceof ResilienceError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('policies that cannot work together', () => {
  test('an attempt that may take longer than its call is refused, at construction and when reconfigured', () => {
    const message = 'pipeline p: attemptMs of the timeout must be at most totalMs of the deadline, 100, got 101';
    const of = (attemptMs: number): Policy[] => [deadline({ totalMs: 100 }), timeout({ attemptMs })];
    expect(refused(() => pipeline('p', of(101)))).toMatchObject({ code: 'INVALID_OPTION', message });
    const p = pipeline('p', of(100));
    expect(refused(() => p.reconfigure(of(101))).message).toBe(message);
    expect(p.describe().policies[1]?.options).toEqual({ attemptMs: 100 });
  });

  test('a name or a list that is none is refused', async () => {
    for (const name of ['', 'x'.repeat(101), 1, undefined]) expect(() => pipeline(name as string, [])).toThrow('name must be');
    for (const policies of [undefined, {}, [undefined], [{}]])
      expect(() => pipeline('p', policies as Policy[])).toThrow('an array of policies');
    await expect(async () => createFaultProxy({ upstream: 'nowhere' } as never)).rejects.toThrow(ResilienceError);
  });
});

const all = (clock: FakeClock) =>
  pipeline(
    'p',
    [
      deadline({ totalMs: 1_000 }),
      bulkhead({ maxConcurrent: 2 }),
      retry({ maxAttempts: 2, backoff: fixed(1) }),
      circuitBreaker(),
      timeout({ attemptMs: 100 }),
    ],
    { clock },
  );

describe('what a function may do', () => {
  test.each([undefined, null, 0, 'text', Symbol('s'), { code: 'E' }, new TypeError('t')])(
    'throw %o: it is what the call fails with, as cause',
    async (thrown) => {
      for (const run of [
        () => Promise.reject(thrown),
        () => {
          throw thrown;
        },
      ]) {
        const clock = new FakeClock();
        const call = all(clock).executeOutcome(run);
        await clock.advance(1);
        const outcome = await call;
        expect([outcome.kind, outcome.attempts.length, errorOf(outcome)?.code]).toEqual(['transient', 2, 'RETRIES_EXHAUSTED']);
        expect(errorOf(outcome)?.cause).toBe(thrown);
        expect(errorOf(outcome)?.attempts.map(({ error }) => error)).toEqual([thrown, thrown]);
      }
    },
  );

  test('never settle: its attempts time out, its places stay taken, and the next call is refused', async () => {
    const clock = new FakeClock();
    const p = all(clock);
    const calls = [1, 2].map(() => p.executeOutcome(() => new Promise(() => {})));
    await clock.advance(100);
    await clock.advance(1);
    await clock.advance(100);
    for (const outcome of await Promise.all(calls)) expect(errorOf(outcome)?.cause).toMatchObject({ code: 'TIMEOUT' });
    expect(errorOf(await p.executeOutcome(up))?.code).toBe('BULKHEAD_FULL');
    expect([p.snapshot().inFlight, clock.pending]).toEqual([0, 0]);
  });

  test.each([
    ['resolve', (ctx: CallContext) => new Promise((resolve) => ctx.signal.addEventListener('abort', () => setImmediate(resolve, 'late')))],
    [
      'reject',
      (ctx: CallContext) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => setImmediate(reject, new Error('late')))),
    ],
    [
      'resolve in the same turn',
      (ctx: CallContext) => new Promise((resolve) => ctx.signal.addEventListener('abort', () => resolve('late'))),
    ],
  ])('%s after its abort: the timeout stands, once, and the place is free again', async (_what, run) => {
    const clock = new FakeClock();
    const p = all(clock);
    const call = p.executeOutcome(run);
    await clock.advance(100);
    await clock.advance(1);
    await clock.advance(100);
    const outcome = await call;
    expect(outcome.attempts.map(({ error }) => (error as ResilienceError).code)).toEqual(['TIMEOUT', 'TIMEOUT']);
    await new Promise((resolve) => setImmediate(resolve));
    await flush();
    expect(p.snapshot().policies[1]?.limiter?.inFlight).toBe(0);
  });

  test('settle twice, or be a thenable that throws', async () => {
    const p = pipeline('p', []);
    const twice = {
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
      then(resolve: (value: number) => void, reject: (error: Error) => void) {
        resolve(1);
        reject(new Error('2'));
      },
    };
    const broken = {
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tried
      then() {
        throw new Error('then');
      },
    };
    expect(await p.execute(() => twice as never)).toBe(1);
    await expect(p.execute(() => broken as never)).rejects.toThrow('then');
  });

  test('a signal that was aborted before lets nothing run: ABORTED, with the reason as its cause', async () => {
    let runs = 0;
    const reason = new Error('gone');
    const p = all(new FakeClock());
    const outcome = await p.executeOutcome(() => (runs += 1), { signal: AbortSignal.abort(reason) });
    expect([outcome.kind, outcome.attempts, runs]).toEqual(['ignored', [], 0]);
    expect(errorOf(outcome)).toMatchObject({ code: 'ABORTED', cause: reason });
    expect(p.snapshot().policies[1]?.limiter?.inFlight).toBe(0);
  });
});

describe('a call that cannot be made', () => {
  test.each([
    [42, {}, 'pipeline p: run must be a function, got 42'],
    [up, { signal: {} }, 'pipeline p: signal must be an AbortSignal, got an object'],
    [up, { signal: null }, 'pipeline p: signal must be an AbortSignal, got null'],
    [up, { criticality: 'high' }, 'pipeline p: criticality must be one of critical+, critical, sheddable+, sheddable, got "high"'],
  ])('of %s with %o is refused, not retried, and counts for nothing', async (run, options, message) => {
    const p = all(new FakeClock());
    const calls = [p.execute(run as never, options as never), p.executeOutcome(run as never, options as never)];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'INVALID_OPTION', message });
    expect(p.snapshot()).toEqual(all(new FakeClock()).snapshot());
  });
});

describe('what handlers of the user may do', () => {
  const error = new Error('mine');
  const thrower = (): never => {
    throw error;
  };

  test.each<[string, Policy[], (() => unknown) | undefined]>([
    ['a backoff throws', [retry({ backoff: thrower })], down],
    ['allow throws', [retry({ allow: thrower })], down],
    ['a key function throws', [circuitBreaker({ key: thrower })], up],
    ['a fallback throws', [fallback(thrower)], down],
  ])('%s: the call fails with what was thrown and is not tried again', async (_what, policies, run = up) => {
    const outcome = await pipeline('p', policies).executeOutcome(run);
    expect(outcome).toMatchObject({ ok: false, error });
    expect(outcome.attempts.length).toBeLessThanOrEqual(1);
  });

  test('a classifier throws, or says what is no kind: the call fails with that, ignored', async () => {
    expect(await pipeline('p', [retry()], { classify: thrower }).executeOutcome(up)).toMatchObject({ ok: false, kind: 'ignored', error });
    for (const said of ['maybe', undefined, null, 1, { kind: 'maybe' }]) {
      const outcome = await pipeline('p', [retry(), circuitBreaker()], { classify: () => said as never }).executeOutcome(up);
      expect(outcome).toMatchObject({ ok: false, kind: 'ignored' });
      expect(errorOf(outcome)).toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('classify must be one of success,'),
      });
    }
  });

  test('a backoff gives nonsense: no wait, or the longest a timer can hold', async () => {
    for (const ms of [Number.NaN, -5, undefined]) {
      const clock = new FakeClock();
      const call = pipeline('p', [retry({ maxAttempts: 2, backoff: () => ms as number })], { clock }).executeOutcome(down);
      await clock.advance(0);
      expect((await call).attempts, String(ms)).toHaveLength(2);
    }
  });
});

/** A clock whose time can be set, as by an operator: timers know nothing of it. */
class JumpingClock implements Clock {
  readonly #clock = new FakeClock();
  #ahead = 0;
  readonly now = (): number => this.#clock.now() + this.#ahead;
  readonly epochMs = (): number => this.#clock.epochMs() + this.#ahead;
  readonly schedule = (run: () => void, ms: number): (() => void) => this.#clock.schedule(run, ms);

  jump(ms: number): void {
    this.#ahead += ms;
  }

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }
}

describe('a clock that jumps', () => {
  const hour = 3_600_000;

  test('ahead: what was counted is forgotten, what was to be waited for is over', async () => {
    const clock = new JumpingClock();
    const policies = [
      adaptiveThrottle(),
      rateLimit({ permitsPerSecond: 1 }),
      retry({ maxAttempts: 1, budget: retryBudget({ ratio: 1, minPerSecond: 0 }) }),
      circuitBreaker({ minimumCalls: 2, open: fixed(60_000) }),
    ];
    const p = pipeline('p', policies, { clock, random: () => 0.99 });
    await p.executeOutcome(down);
    clock.jump(hour);
    expect(p.snapshot().policies).toMatchObject([{ rejectionRatio: 0 }, { permits: 1 }, { retryBudget: 0 }, { breakers: { closed: 1 } }]);
    await p.executeOutcome(down);
    expect(p.breaker?.state()).toBe('closed');
    clock.jump(1_000);
    await p.executeOutcome(down);
    expect(p.breaker?.state()).toBe('open');
    clock.jump(hour);
    expect((await p.executeOutcome(up)).kind).toBe('success');
  });

  test('back: nothing is refused for longer than it was to be, no time is below 0', async () => {
    const clock = new JumpingClock();
    clock.jump(10 * hour);
    const broken = pipeline('p', [circuitBreaker({ minimumCalls: 1, open: fixed(5_000) })], { clock });
    const limited = pipeline('p', [rateLimit({ permitsPerSecond: 1 })], { clock });
    await limited.execute(up);
    const outcome = await broken.executeOutcome(() => {
      clock.jump(-hour);
      throw new Error('down');
    });
    expect(outcome.attempts[0]?.durationMs).toBe(0);
    clock.jump(-hour);
    expect((await broken.executeOutcome(up)).retryAfterMs).toBe(5_000);
    expect((await limited.executeOutcome(up)).retryAfterMs).toBe(1_000);
    clock.jump(1_000);
    expect((await limited.executeOutcome(up)).kind).toBe('success');
    clock.jump(4_000);
    expect((await broken.executeOutcome(up)).kind).toBe('success');
  });

  test('in a wait: it lasts as long as its timer, which knows no jump', async () => {
    const clock = new JumpingClock();
    clock.jump(10 * hour);
    const call = pipeline('p', [retry({ maxAttempts: 2, backoff: fixed(100) })], { clock }).executeOutcome(down);
    await flush();
    clock.jump(-hour);
    await clock.advance(100);
    expect((await call).attempts).toHaveLength(2);
  });
});
