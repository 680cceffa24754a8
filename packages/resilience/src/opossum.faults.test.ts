import CircuitBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pipeline, type PipelineEvent, type Policy, timeout } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { down, errorOf, fail, flush, never, ours, state, up } from '../test/calls.ts';

/** A raw opossum breaker, shut down after the test. */
const made: { shutdown(): void }[] = [];
function raw<A extends unknown[]>(action: (...args: A) => unknown, options: CircuitBreaker.Options = {}): CircuitBreaker<A> {
  const breaker = new CircuitBreaker<A>(action as (...args: A) => Promise<unknown>, options);
  made.push(breaker);
  return breaker;
}
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  for (const breaker of made.splice(0)) breaker.shutdown();
  vi.useRealTimers();
});

describe('opossum raw → the policy', () => {
  test('one failure of one call opens → the default waits for 20 calls', async () => {
    const breaker = raw(down);
    await breaker.fire().catch(() => {});
    expect(breaker.opened).toBe(true);

    const { p } = ours();
    await fail(p, 19);
    expect(state(p)).toBe('closed');
    await fail(p, 1);
    expect(state(p)).toBe('open');
  });

  test('a threshold of 100 % never opens → 1 opens when all failed, and any rate trips at the rate itself', async () => {
    const breaker = raw(down, { errorThresholdPercentage: 100 });
    for (let i = 0; i < 50; i++) await breaker.fire().catch(() => {});
    expect(breaker.opened).toBe(false);

    const all = ours({ failureRateThreshold: 1, minimumCalls: 10 }).p;
    await fail(all, 10);
    expect(state(all)).toBe('open');
    const third = ours({ failureRateThreshold: 1 / 3, minimumCalls: 9 }).p;
    for (let i = 0; i < 6; i++) await third.execute(up);
    await fail(third, 3);
    expect(state(third)).toBe('open');
    const below = ours({ failureRateThreshold: 1 / 3, minimumCalls: 9 }).p;
    for (let i = 0; i < 7; i++) await below.execute(up);
    await fail(below, 3);
    expect(state(below)).toBe('closed');
  });

  test('a function that returns undefined at once counts as failed → it is a success', async () => {
    const breaker = raw(() => undefined);
    await expect(breaker.fire()).rejects.toThrow(TypeError);

    const { p } = ours({ minimumCalls: 1 });
    expect(await p.executeOutcome(() => undefined)).toMatchObject({ ok: true, value: undefined, kind: 'success' });
    expect(state(p)).toBe('closed');
  });

  test('two breakers with one options object and a cache answer for each other → options are copied and nothing is cached', async () => {
    const shared = { cache: true };
    expect(await raw(async () => 'users', shared).fire()).toBe('users');
    expect(await raw(async () => 'orders', shared).fire()).toBe('users');

    const options = Object.freeze({ minimumCalls: 1 });
    const policy = opossum(options);
    const [users, orders] = [pipeline('users', [policy]), pipeline('orders', [policy])];
    expect(await users.execute(() => 'users')).toBe('users');
    expect(await orders.execute(() => 'orders')).toBe('orders');
    await fail(users, 1);
    expect([state(users), state(orders)]).toEqual(['open', 'closed']);
    expect(options).toEqual({ minimumCalls: 1 });
  });

  test('one timeout aborts the signal of every call, later ones too → each call has its own', async () => {
    const abortController = new AbortController();
    const breaker = raw(never, { timeout: 10, abortController, errorThresholdPercentage: 100 });
    const first = breaker.fire().catch(() => {});
    await vi.advanceTimersByTimeAsync(10);
    await first;
    expect(abortController.signal.aborted).toBe(true);

    const { p, clock } = ours({}, [timeout({ attemptMs: 10 })]);
    const signals: AbortSignal[] = [];
    const slow = p.executeOutcome((ctx) => {
      signals.push(ctx.signal);
      return never();
    });
    await clock.advance(5);
    const other = Promise.withResolvers<void>();
    const beside = p.execute((ctx) => {
      signals.push(ctx.signal);
      return other.promise;
    });
    await clock.advance(5);
    await slow;
    await p.execute((ctx) => void signals.push(ctx.signal));
    other.resolve();
    await beside;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false, false]);
  });

  test('local capacity rejections open it while the dependency is well → what is rejected inside counts for nothing', async () => {
    const work = Promise.withResolvers<void>();
    const breaker = raw(() => work.promise, { capacity: 1, timeout: false });
    const running = breaker.fire();
    for (let i = 0; i < 2; i++) await breaker.fire().catch(() => {});
    expect(breaker.opened).toBe(true);
    work.resolve();
    await running;

    const full: Policy = {
      name: 'full',
      kind: 'custom',
      options: {},
      bind: () => ({
        run: async (ctx) => ({ ok: false, error: 'full', kind: 'rejected', attempts: ctx.attempts, retryAfterMs: undefined }),
      }),
    };
    const { p } = ours({ minimumCalls: 1 }, [full]);
    await fail(p, 50);
    expect(state(p)).toBe('closed');
  });

  test('a late success of before closes a half-open breaker → a result of an older generation counts for nothing', async () => {
    const calls: PromiseWithResolvers<string>[] = [];
    const start = (): Promise<string> => {
      const call = Promise.withResolvers<string>();
      calls.push(call);
      return call.promise;
    };
    const breaker = raw(start, { timeout: false, resetTimeout: 100, errorThresholdPercentage: 10 });
    const early = breaker.fire();
    const bad = breaker.fire().catch(() => {});
    calls[1]?.reject(new Error('down'));
    await bad;
    await vi.advanceTimersByTimeAsync(100);
    expect(breaker.halfOpen).toBe(true);
    calls[0]?.resolve('late');
    await early;
    expect(breaker.closed).toBe(true);

    const { p, clock } = ours({ minimumCalls: 1, openMs: 100 });
    const [late, probe] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const lateCall = p.executeOutcome(() => late.promise);
    await fail(p, 1);
    await clock.advance(100);
    const probeCall = p.executeOutcome(() => probe.promise);
    await flush();
    late.resolve('late');
    expect((await lateCall).kind).toBe('success');
    expect(state(p)).toBe('half_open');
    probe.resolve('well');
    await probeCall;
    expect(state(p)).toBe('closed');
  });

  test('a late failure does not open a breaker that has closed again', async () => {
    const { p, clock } = ours({ minimumCalls: 1, openMs: 100 });
    const late = Promise.withResolvers<string>();
    const lateCall = p.executeOutcome(() => late.promise);
    await fail(p, 1);
    await clock.advance(100);
    await p.execute(up);
    late.reject(new Error('late'));
    await lateCall;
    expect(state(p)).toBe('closed');
  });

  test('a probe that hangs blocks it for ever → after probeTimeoutMs it opens again and probes again', async () => {
    let answer: () => Promise<unknown> = down;
    const breaker = raw(() => answer(), { timeout: false, resetTimeout: 100 });
    await breaker.fire().catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    answer = never;
    void breaker.fire().catch(() => {});
    answer = up;
    await vi.advanceTimersByTimeAsync(3_600_000);
    await expect(breaker.fire()).rejects.toThrow('Breaker is open');

    const { p, clock } = ours({ minimumCalls: 1, openMs: 100, probeTimeoutMs: 50 });
    await fail(p, 1);
    await clock.advance(100);
    const hung = Promise.withResolvers<string>();
    const probe = p.executeOutcome(() => hung.promise);
    await flush();
    expect(errorOf(await p.executeOutcome(up))).toMatchObject({
      code: 'CIRCUIT_OPEN',
      message: 'p: the circuit is half-open and its probes are out',
    });
    await clock.advance(50);
    expect(state(p)).toBe('open');
    await clock.advance(100);
    const second = Promise.withResolvers<string>();
    const next = p.executeOutcome(() => second.promise);
    await flush();
    hung.resolve('too late');
    await probe;
    expect(state(p)).toBe('half_open');
    second.resolve('well');
    await next;
    expect([state(p), clock.pending]).toEqual(['closed', 0]);
  });

  test('an error that errorFilter lets pass is reported as success → it is ignored and counts for nothing', async () => {
    let successes = 0;
    const breaker = raw(down, { errorFilter: () => true });
    breaker.on('success', () => (successes += 1));
    await breaker.fire().catch(() => {});
    expect(successes).toBe(1);

    const events: PipelineEvent[] = [];
    const p = pipeline('p', [opossum({ minimumCalls: 2 })], {
      classify: (outcome) => (outcome.ok ? 'success' : 'ignored'),
      observer: { event: (event) => void events.push(event) },
    });
    await fail(p, 10);
    expect(events.filter((event) => event.type === 'call').map((event) => event.kind)).toEqual(Array.from({ length: 10 }, () => 'ignored'));
    expect(state(p)).toBe('closed');
  });

  test('the time of opening is that of construction → retryAfterMs counts from the opening', async () => {
    const born = Date.now();
    const breaker = raw(down);
    await vi.advanceTimersByTimeAsync(60_000);
    await breaker.fire().catch(() => {});
    expect(breaker.opened).toBe(true);
    expect(breaker.toJSON().state).toMatchObject({ lastTimerAt: born });

    const { p, clock } = ours({ minimumCalls: 1, openMs: 30_000 });
    await clock.advance(60_000);
    await fail(p, 1);
    await clock.advance(1_000);
    expect(errorOf(await p.executeOutcome(up))?.retryAfterMs).toBe(29_000);
  });

  test('calls in flight dilute the rate: 15 of 15 failed, 20 in flight, closed → only what has ended counts', async () => {
    let hang = true;
    const breaker = raw(() => (hang ? never() : down()), { timeout: false, volumeThreshold: 10 });
    for (let i = 0; i < 20; i++) void breaker.fire().catch(() => {});
    hang = false;
    for (let i = 0; i < 15; i++) await breaker.fire().catch(() => {});
    expect([breaker.stats.failures, breaker.opened]).toEqual([15, false]);

    const { p } = ours({ minimumCalls: 10 });
    const caller = new AbortController();
    const hung = Array.from({ length: 20 }, () => p.executeOutcome(never, { signal: caller.signal }));
    await fail(p, 10);
    expect(state(p)).toBe('open');
    caller.abort();
    await Promise.all(hung);
  });

  test('each failure sorts every latency of the window → nothing is sorted and no latency is kept', async () => {
    const sorted: number[] = [];
    vi.spyOn(Array.prototype, 'sort').mockImplementation(function (this: unknown[]) {
      sorted.push(this.length);
      return this;
    });
    try {
      let answer: () => Promise<unknown> = up;
      const breaker = raw(() => answer(), { errorThresholdPercentage: 99 });
      for (let i = 0; i < 1_000; i++) await breaker.fire();
      answer = down;
      await breaker.fire().catch(() => {});
      expect(sorted).toEqual([1_001]);

      sorted.length = 0;
      const fire = vi.spyOn(CircuitBreaker.prototype, 'fire');
      const p = pipeline('p', [opossum({ failureRateThreshold: 0.99 })]);
      for (let i = 0; i < 1_000; i++) await p.execute(up);
      await fail(p, 1);
      expect(sorted).toEqual([]);
      const inside = fire.mock.contexts[0] as CircuitBreaker;
      expect(inside.stats).toMatchObject({ successes: 1_000, failures: 1, latencyTimes: [] });
      expect(inside.status.window[0]).toMatchObject({ latencyTimes: [] });
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('it runs timers while idle → the policy has none, and takes one only for a probe', async () => {
    const before = vi.getTimerCount();
    raw(up);
    expect(vi.getTimerCount() - before).toBe(2);

    const idle = vi.getTimerCount();
    const { p, clock } = ours();
    await p.execute(up);
    expect([vi.getTimerCount(), clock.pending]).toEqual([idle, 0]);
  });
});
