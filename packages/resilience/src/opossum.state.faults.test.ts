import type CircuitBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pipeline, type PipelineEvent, type Policy } from '@nines/resilience';
import type { OpossumOptions } from '@nines/resilience/opossum';
import { breakerUnder, down, errorOf, fail, flush, never, state, up } from '../test/calls.ts';
import { engines } from '../test/engines.ts';
import { breakerOf, fakeTimers, shutDown } from '../test/naked-opossum.ts';

beforeEach(fakeTimers);
afterEach(shutDown);

// Each test shows the fault on the installed opossum, then the right answer of the native breaker and of opossum in a pipeline.
describe.each([engines.native, engines.opossum])('opossum raw → $name', ({ breaker }) => {
  const ours = (options: OpossumOptions = {}, inner: readonly Policy[] = []) => breakerUnder(breaker, options, inner);

  test('one failure of one call opens → the default waits for 20 calls', async () => {
    const naked = breakerOf(down);
    await naked.fire().catch(() => {});
    expect(naked.opened).toBe(true);

    const { p } = ours();
    await fail(p, 19);
    expect(state(p)).toBe('closed');
    await fail(p, 1);
    expect(state(p)).toBe('open');
  });

  test('a threshold of 100 % never opens → 1 opens when all failed, and any rate trips at the rate itself', async () => {
    const naked = breakerOf(down, { errorThresholdPercentage: 100 });
    for (let i = 0; i < 50; i++) await naked.fire().catch(() => {});
    expect(naked.opened).toBe(false);

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

  test('calls in flight dilute the rate: 15 of 15 failed, 20 in flight, closed → only what has ended counts', async () => {
    let hang = true;
    const naked = breakerOf(() => (hang ? never() : down()), { timeout: false, volumeThreshold: 10 });
    for (let i = 0; i < 20; i++) void naked.fire().catch(() => {});
    hang = false;
    for (let i = 0; i < 15; i++) await naked.fire().catch(() => {});
    expect([naked.stats.failures, naked.opened]).toEqual([15, false]);

    const { p } = ours({ minimumCalls: 10 });
    const caller = new AbortController();
    const hung = Array.from({ length: 20 }, () => p.executeOutcome(never, { signal: caller.signal }));
    await fail(p, 10);
    expect(state(p)).toBe('open');
    caller.abort();
    await Promise.all(hung);
  });

  test('an error that errorFilter lets pass is reported as success → it is ignored and counts for nothing', async () => {
    let successes = 0;
    const naked = breakerOf(down, { errorFilter: () => true });
    naked.on('success', () => (successes += 1));
    await naked.fire().catch(() => {});
    expect(successes).toBe(1);

    const events: PipelineEvent[] = [];
    const p = pipeline('p', [breaker({ minimumCalls: 2 })], {
      classify: (outcome) => (outcome.ok ? 'success' : 'ignored'),
      observer: { event: (event) => void events.push(event) },
    });
    await fail(p, 10);
    expect(events.filter((event) => event.type === 'call').map((event) => event.kind)).toEqual(Array.from({ length: 10 }, () => 'ignored'));
    expect(state(p)).toBe('closed');
  });

  test('a late success of before closes a half-open breaker → a result of an older generation counts for nothing', async () => {
    const calls: PromiseWithResolvers<string>[] = [];
    const start = (): Promise<string> => {
      const call = Promise.withResolvers<string>();
      calls.push(call);
      return call.promise;
    };
    const naked = breakerOf(start, { timeout: false, resetTimeout: 100, errorThresholdPercentage: 10 });
    const early = naked.fire();
    const bad = naked.fire().catch(() => {});
    calls[1]?.reject(new Error('down'));
    await bad;
    await vi.advanceTimersByTimeAsync(100);
    expect(naked.halfOpen).toBe(true);
    calls[0]?.resolve('late');
    await early;
    expect(naked.closed).toBe(true);

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
    const naked = breakerOf(() => answer(), { timeout: false, resetTimeout: 100 });
    await naked.fire().catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    answer = never;
    void naked.fire().catch(() => {});
    answer = up;
    await vi.advanceTimersByTimeAsync(3_600_000);
    await expect(naked.fire()).rejects.toThrow('Breaker is open');

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

  test('the recorded time of opening is that of construction, so a restored breaker probes too early → retryAfterMs counts from the opening', async () => {
    const born = Date.now();
    const naked = breakerOf(down);
    await vi.advanceTimersByTimeAsync(60_000);
    await naked.fire().catch(() => {});
    expect(naked.opened).toBe(true);
    expect(naked.toJSON().state).toMatchObject({ lastTimerAt: born });
    // So a breaker that is restored one second after the opening probes at once, 29 s early.
    await vi.advanceTimersByTimeAsync(1_000);
    const restored = breakerOf(up, { ...naked.toJSON(), resetTimeout: 30_000 } as unknown as CircuitBreaker.Options<[]>);
    expect(restored.halfOpen).toBe(true);

    const { p, clock } = ours({ minimumCalls: 1, openMs: 30_000 });
    await clock.advance(60_000);
    await fail(p, 1);
    await clock.advance(1_000);
    expect(errorOf(await p.executeOutcome(up))?.retryAfterMs).toBe(29_000);
  });
});
