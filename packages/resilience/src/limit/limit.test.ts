import { describe, expect, test } from 'vitest';
import {
  bulkhead,
  type Criticality,
  deadline,
  isResilienceError,
  type Outcome,
  pipeline,
  type PipelineEvent,
  type Policy,
  rateLimit,
  retry,
  fixed,
  timeout,
} from '@nines/resilience';
import { adaptiveLimit, type AdaptiveLimitOptions, loadShedding, type LoadSheddingOptions } from '@nines/resilience/limit';
import { FakeClock } from '@nines/resilience/testing';

const NO_SHARES = { 'critical+': 1, critical: 1, 'sheddable+': 1, sheddable: 1 };
const never = (): Promise<never> => new Promise(() => {});

function limited(policy: Policy, outer: readonly Policy[] = [], inner: readonly Policy[] = []) {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [...outer, policy, ...inner], { clock, observer: { event: (event) => void events.push(event) } });
  const limiter = () => p.snapshot().policies.find(({ limiter: one }) => one !== undefined)?.limiter;
  const began: string[] = [];
  /** A call that runs until it is let go. */
  const hold = (name: string, criticality: Criticality = 'critical') => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const outcome = p.executeOutcome(() => (began.push(name), promise), { criticality });
    return { outcome, release: () => resolve(name) };
  };
  return { p, clock, events, limiter, began, hold };
}

const errorOf = (outcome: Outcome<unknown>) => (!outcome.ok && isResilienceError(outcome.error) ? outcome.error : undefined);
const reasons = (events: readonly PipelineEvent[]) => events.flatMap((event) => (event.type === 'rejection' ? [event.reason] : []));

describe('loadShedding', () => {
  test('gives each criticality its share of the places, and says which of two things was taken', async () => {
    const { limiter, hold, events, clock } = limited(loadShedding({ maxConcurrent: 10 }));
    for (let i = 0; i < 5; i++) hold(`${i}`, 'sheddable');
    const refused = hold('no', 'sheddable');
    for (let i = 0; i < 2; i++) hold(`${i}`, 'sheddable+');
    for (let i = 0; i < 2; i++) hold(`${i}`, 'critical');
    hold('last', 'critical+');
    const full = hold('no', 'critical+');
    await clock.advance(0);
    expect(limiter()).toEqual({ limit: 10, inFlight: 10, queued: 0 });
    expect(errorOf(await refused.outcome)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      policy: 'load-shedding',
      retryable: true,
      message: 'p: 5 calls run, which is the share of sheddable of a limit of 10',
    });
    expect(errorOf(await full.outcome)?.message).toBe('p: 10 calls run and 0 wait');
    expect(reasons(events)).toEqual(['share', 'full']);
  });

  test('with a queue what matters more goes first, each level in the order in which it came', async () => {
    const { began, hold, clock } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 10, maxWaitMs: 60_000, shedFrom: NO_SHARES }));
    const levels: Criticality[] = ['critical', 'sheddable', 'critical', 'critical+', 'sheddable+', 'critical+'];
    const calls = levels.map((level, i) => hold(`${i} ${level}`, level));
    for (let i = 0; i < calls.length; i++) {
      for (const name of began) calls[Number(name[0])]?.release();
      await clock.advance(0);
    }
    await Promise.all(calls.map(({ outcome }) => outcome));
    expect(began).toEqual(['0 critical', '3 critical+', '5 critical+', '2 critical', '4 sheddable+', '1 sheddable']);
    expect(clock.pending).toBe(0);
  });

  test('a full queue lets in what matters more by putting out what matters least and waited longest', async () => {
    const { events, hold, limiter, clock } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 3, shedFrom: NO_SHARES }));
    hold('runs');
    const waiting = (['sheddable', 'sheddable', 'sheddable+'] as const).map((level, i) => hold(`${i}`, level));
    const same = hold('same', 'sheddable');
    expect(errorOf(await same.outcome)?.message).toBe('p: 1 calls run and 3 wait');
    for (let i = 0; i < 4; i++) hold(`critical ${i}`, 'critical');
    const out = await Promise.all(waiting.map(({ outcome }) => outcome));
    expect(out.map((outcome) => errorOf(outcome)?.message)).toEqual(
      Array.from({ length: 3 }, () => 'p: a call that matters more took its place in the queue'),
    );
    expect(reasons(events)).toEqual(['full', 'evicted', 'evicted', 'evicted', 'full']);
    expect([limiter(), clock.pending]).toEqual([{ limit: 1, inFlight: 1, queued: 3 }, 3]);
  });

  test('one that waits for its share does not stand in the way of one that has room', async () => {
    const { began, hold, clock } = limited(loadShedding({ maxConcurrent: 2, maxQueue: 5, maxWaitMs: 60_000 }));
    const first = hold('critical', 'critical');
    hold('waits', 'sheddable');
    const second = hold('critical+', 'critical+');
    expect(began).toEqual(['critical', 'critical+']);
    first.release();
    await clock.advance(0);
    expect(began).toHaveLength(2);
    second.release();
    await clock.advance(0);
    expect(began).toEqual(['critical', 'critical+', 'waits']);
  });

  test('a newcomer does not overtake its equals', async () => {
    const { began, hold, clock } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 5, shedFrom: NO_SHARES }));
    const first = hold('first');
    hold('second');
    first.release();
    hold('third');
    await clock.advance(0);
    expect(began).toEqual(['first', 'second']);
  });

  test('a caller who leaves, a deadline and a wait that is too long all leave the queue', async () => {
    const { p, clock, limiter, hold, events } = limited(
      loadShedding({ maxConcurrent: 1, maxQueue: 5, maxWaitMs: 50, shedFrom: NO_SHARES }),
      [deadline({ totalMs: 40 })],
    );
    hold('runs');
    const caller = new AbortController();
    const left = p.executeOutcome(never, { signal: caller.signal });
    const late = p.executeOutcome(never);
    caller.abort();
    await clock.advance(40);
    expect([errorOf(await left)?.code, (await late).kind, errorOf(await late)?.code, limiter()?.queued]).toEqual([
      'ABORTED',
      'rejected',
      'DEADLINE_EXCEEDED',
      0,
    ]);
    const { p: q, clock: other } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 5, maxWaitMs: 50, shedFrom: NO_SHARES }));
    void q.executeOutcome(never);
    const waited = q.executeOutcome(never);
    await other.advance(50);
    expect([errorOf(await waited)?.message, other.pending]).toEqual(['p: no place became free within 50 ms', 0]);
    expect(reasons(events)).toEqual([]);
  });

  test('a caller who had left before takes no place', async () => {
    const { p, limiter } = limited(loadShedding({ maxConcurrent: 1 }));
    const outcome = await p.executeOutcome(never, { signal: AbortSignal.abort() });
    expect([outcome.kind, limiter()?.inFlight]).toEqual(['ignored', 0]);
  });

  test('a long queue of functions that answer at once is worked off without running out of stack', async () => {
    const { p, hold, limiter } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 50_000, shedFrom: NO_SHARES }));
    const first = hold('first');
    const rest = Array.from({ length: 50_000 }, (_, i) => p.executeOutcome(() => i));
    first.release();
    const kinds = new Set((await Promise.all(rest)).map(({ kind }) => kind));
    expect([[...kinds], limiter()]).toEqual([['success'], { limit: 1, inFlight: 0, queued: 0 }]);
  });
});

describe.each<[string, Policy]>([
  ['loadShedding', loadShedding({ maxConcurrent: 2, shedFrom: NO_SHARES })],
  ['adaptiveLimit', adaptiveLimit({ minLimit: 2, maxLimit: 2 })],
])('%s', (_name, policy) => {
  test('a call that timed out keeps its place until its function has ended: never more than the limit run', async () => {
    const { p, clock, limiter } = limited(policy, [], [timeout({ attemptMs: 10 })]);
    let running = 0;
    let most = 0;
    const works = Array.from({ length: 12 }, () => Promise.withResolvers<void>());
    const kinds: string[] = [];
    for (const work of works) {
      const call = p.executeOutcome(async () => {
        running += 1;
        most = Math.max(most, running);
        await work.promise;
        running -= 1;
      });
      await clock.advance(10);
      kinds.push((await call).kind);
    }
    expect(kinds).toEqual(['transient', 'transient', ...Array.from({ length: 10 }, () => 'rejected')]);
    expect([most, limiter()?.inFlight]).toEqual([2, 2]);
    for (const work of works) work.resolve();
    await clock.advance(0);
    expect([running, limiter()?.inFlight, await p.execute(() => 'up')]).toEqual([0, 0, 'up']);
  });

  test('functions that throw at once, or reject with what is no error, give their place back', async () => {
    const { p, limiter } = limited(policy);
    await p.executeOutcome(() => {
      throw undefined;
    });
    await p.executeOutcome(() => Promise.reject('no error'));
    expect(limiter()?.inFlight).toBe(0);
  });

  test('takes the place of a bulkhead: either, not both, and a rate limit stands inside', () => {
    expect(() => pipeline('p', [bulkhead({ maxConcurrent: 1 }), policy])).toThrow('one bulkhead policy is enough');
    expect(() => pipeline('p', [rateLimit({ permitsPerSecond: 1 }), policy])).toThrow('must stand outside of rate-limit');
    expect(pipeline('p', [policy, retry()]).describe().policies[0]?.kind).toBe('bulkhead');
  });
});

describe('adaptiveLimit', () => {
  /** So many calls at once, each of `ms`, over and over, until so much time has passed. */
  async function busy(p: ReturnType<typeof limited>['p'], clock: FakeClock, totalMs: number, ms: number, error?: Error): Promise<void> {
    for (let at = 0; at < totalMs; at += ms) {
      const calls = Array.from({ length: 300 }, () =>
        p.executeOutcome(
          () =>
            new Promise((resolve, reject) => {
              clock.schedule(() => (error === undefined ? resolve('ok') : reject(error)), ms);
            }),
        ),
      );
      await clock.advance(ms);
      await Promise.all(calls);
    }
  }

  test('gradient grows while calls take as long as ever, and falls when they take longer', async () => {
    const { p, clock, limiter } = limited(adaptiveLimit({ algorithm: 'gradient' }));
    expect(limiter()).toEqual({ limit: 20, inFlight: 0, queued: 0 });
    await busy(p, clock, 10_000, 20);
    const grown = limiter()?.limit ?? 0;
    expect(grown).toBeGreaterThan(60);
    await busy(p, clock, 4_000, 80);
    expect(limiter()?.limit).toBeLessThan(grown / 2);
    expect(limiter()?.limit).toBeGreaterThanOrEqual(20);
  });

  test('aimd adds one a window, and loses a tenth in each window with a drop', async () => {
    const { p, clock, limiter } = limited(adaptiveLimit({ algorithm: 'aimd', initialLimit: 100 }));
    await busy(p, clock, 1_000, 50);
    const grown = limiter()?.limit ?? 0;
    expect(grown).toBeGreaterThan(103);
    await busy(p, clock, 1_000, 50, new Error('full'));
    expect(limiter()?.limit).toBeLessThan(0.75 * grown);
  });

  test('gradient does not learn from quick failures, and falls by time-outs', async () => {
    const { p, clock, limiter } = limited(adaptiveLimit({ initialLimit: 100 }), [], [timeout({ attemptMs: 200 })]);
    await busy(p, clock, 1_000, 20);
    const before = limiter()?.limit ?? 0;
    await busy(p, clock, 300, 1, new Error('refused'));
    // One step at most, by what was measured before the first failure.
    expect((limiter()?.limit ?? 0) - before).toBeLessThanOrEqual(1);
    for (let i = 0; i < 20; i++) {
      const calls = Array.from({ length: 300 }, () =>
        p.executeOutcome(() => new Promise((resolve) => clock.schedule(() => resolve(1), 201))),
      );
      await clock.advance(201);
      await Promise.all(calls);
    }
    expect(limiter()?.limit).toBeLessThan(before / 2);
  });

  test('waits between retries are no part of what it measures', async () => {
    const { p, clock, limiter } = limited(
      adaptiveLimit({ algorithm: 'aimd', slowMs: 50, dropRateThreshold: 1 }),
      [],
      [retry({ maxAttempts: 2, backoff: fixed(1_000), budget: { call: () => {}, settled: () => {}, take: () => true, balance: () => 1 } })],
    );
    for (let i = 0; i < 10; i++) {
      const calls = Array.from({ length: 20 }, () =>
        p.executeOutcome((ctx) => (ctx.attempt === 1 ? Promise.reject(new Error('again')) : 'ok')),
      );
      await clock.advance(1_000);
      await Promise.all(calls);
    }
    expect(limiter()?.limit).toBeGreaterThan(20);
  });

  test('calls that were ignored say nothing', async () => {
    const { p, clock, limiter } = limited(adaptiveLimit({ algorithm: 'aimd', initialLimit: 100 }));
    for (let i = 0; i < 10; i++) {
      const caller = new AbortController();
      const calls = Array.from({ length: 100 }, () =>
        p.executeOutcome(() => new Promise((_, no) => caller.signal.addEventListener('abort', no)), { signal: caller.signal }),
      );
      await clock.advance(500);
      caller.abort();
      await Promise.all(calls);
    }
    await clock.advance(0);
    expect(limiter()).toEqual({ limit: 100, inFlight: 0, queued: 0 });
  });

  test('a limit that grows lets in those that wait', async () => {
    const { p, clock, limiter } = limited(
      adaptiveLimit({ algorithm: 'aimd', initialLimit: 1, minLimit: 1, maxLimit: 100, windowMs: 10, maxQueue: 1_000, maxWaitMs: 60_000 }),
    );
    let most = 0;
    let running = 0;
    const calls = Array.from({ length: 1_000 }, () =>
      p.executeOutcome(
        () =>
          new Promise((resolve) => {
            most = Math.max(most, (running += 1));
            clock.schedule(() => resolve((running -= 1)), 20);
          }),
      ),
    );
    await clock.advance(20_000);
    await Promise.all(calls);
    expect(most).toBeGreaterThan(10);
    expect([running, limiter()?.inFlight, limiter()?.queued, clock.pending]).toEqual([0, 0, 0, 0]);
  });

  test('two pipelines share no limit', async () => {
    const policy = adaptiveLimit();
    const [a, b] = [limited(policy), limited(policy)];
    await busy(a.p, a.clock, 3_000, 20);
    expect([a.limiter()?.limit === 20, b.limiter()?.limit]).toEqual([false, 20]);
  });
});

describe('options', () => {
  test('defaults of adaptiveLimit', () => {
    const common = { minLimit: 20, maxLimit: 200, initialLimit: 20, windowMs: 100, maxQueue: 0, maxWaitMs: 1_000, shedFrom: NO_SHARES };
    expect(adaptiveLimit().options).toEqual({
      ...common,
      algorithm: 'gradient',
      tolerance: 1.5,
      smoothing: 0.2,
      queueSize: 4,
      longWindowMs: 600_000,
    });
    expect(adaptiveLimit({ algorithm: 'aimd' }).options).toEqual({
      ...common,
      algorithm: 'aimd',
      backoffRatio: 0.9,
      dropRateThreshold: 0.05,
    });
    expect(adaptiveLimit({ minLimit: 1, maxLimit: 10 }).options).toMatchObject({ initialLimit: 10 });
    expect(adaptiveLimit({ minLimit: 50 }).options).toMatchObject({ initialLimit: 50 });
    expect(adaptiveLimit({ shedFrom: { sheddable: 0.1 } }).options).toMatchObject({
      shedFrom: { 'critical+': 1, critical: 0.9, 'sheddable+': 0.7, sheddable: 0.1 },
    });
  });

  test.each([
    [null, 'adaptiveLimit: options must be an object, got null'],
    [[], 'adaptiveLimit: options must be an object, got an array'],
    [{ algorithm: 'vegas' }, 'adaptiveLimit: algorithm must be one of gradient, aimd, got "vegas"'],
    [{ minLimit: 0 }, 'adaptiveLimit: minLimit must be a whole number from 1 to 1000000, got 0'],
    [{ minLimit: '5' }, 'adaptiveLimit: minLimit must be a whole number'],
    [{ maxLimit: 19 }, 'adaptiveLimit: maxLimit must be a whole number from 20 to 1000000, got 19'],
    [{ initialLimit: 201 }, 'adaptiveLimit: initialLimit must be a whole number from 20 to 200, got 201'],
    [{ windowMs: 9 }, 'adaptiveLimit: windowMs must be a whole number from 10 to 60000, got 9'],
    [{ tolerance: 0.9 }, 'adaptiveLimit: tolerance must be a number from 1 to 10, got 0.9'],
    [{ smoothing: 0 }, 'adaptiveLimit: smoothing must be a number above 0 and up to 1, got 0'],
    [{ queueSize: -1 }, 'adaptiveLimit: queueSize must be a number from 0 to 1000, got -1'],
    [{ queueSize: Number.NaN }, 'adaptiveLimit: queueSize must be'],
    [{ longWindowMs: 1 }, 'adaptiveLimit: longWindowMs must be a whole number from 1000'],
    [{ backoffRatio: 0.9 }, 'adaptiveLimit: unknown option "backoffRatio"'],
    [{ algorithm: 'aimd', tolerance: 2 }, 'adaptiveLimit: unknown option "tolerance"'],
    [{ algorithm: 'aimd', backoffRatio: 1 }, 'adaptiveLimit: backoffRatio must be a number above 0 and below 1, got 1'],
    [{ algorithm: 'aimd', dropRateThreshold: 0 }, 'adaptiveLimit: dropRateThreshold must be a number above 0 and up to 1, got 0'],
    [{ algorithm: 'aimd', slowMs: 0 }, 'adaptiveLimit: slowMs must be a whole number from 1'],
    [{ maxQueue: -1 }, 'adaptiveLimit: maxQueue must be a whole number from 0 to 1000000, got -1'],
    [{ maxWaitMs: 0 }, 'adaptiveLimit: maxWaitMs must be a whole number from 1'],
    [{ shedFrom: 0.5 }, 'adaptiveLimit: shedFrom must be an object, got 0.5'],
    [{ shedFrom: { sheddable: 0.8 } }, 'adaptiveLimit: shedFrom.sheddable must be above 0 and at most 0.7, got 0.8'],
    [{ shedFrom: { urgent: 1 } }, 'adaptiveLimit: unknown criticality urgent in shedFrom'],
  ])('adaptiveLimit refuses %o', (options, message) => {
    expect(() => adaptiveLimit(options as AdaptiveLimitOptions)).toThrow(message);
  });

  test.each([
    [undefined, 'loadShedding: maxConcurrent must be a whole number from 1 to 1000000, got undefined'],
    [{ maxConcurrent: 0 }, 'loadShedding: maxConcurrent must be'],
    [{ maxConcurrent: 1, maxQueue: 0.5 }, 'loadShedding: maxQueue must be'],
    [{ maxConcurrent: 1, maxWaitMs: Number.NaN }, 'loadShedding: maxWaitMs must be'],
    [{ maxConcurrent: 1, shedFrom: { critical: 0 } }, 'loadShedding: shedFrom.critical must be above 0 and at most 1, got 0'],
    [{ maxConcurrent: 1, limit: 2 }, 'loadShedding: unknown option "limit"'],
  ])('loadShedding refuses %o', (options, message) => {
    expect(() => loadShedding(options as LoadSheddingOptions)).toThrow(message);
  });
});
