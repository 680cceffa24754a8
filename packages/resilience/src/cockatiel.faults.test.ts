import {
  bulkhead as theirBulkhead,
  circuitBreaker as theirBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ConstantBackoff,
  handleAll,
  retry as theirRetry,
  SamplingBreaker,
} from 'cockatiel';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bulkhead, fixed, pipeline } from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';
import { breakerUnder, down, errorOf, fail, flush, never, state, up } from '../test/calls.ts';
import { engines } from '../test/engines.ts';
import { fakeTimers, shutDown } from '../test/naked-opossum.ts';

beforeEach(fakeTimers);
afterEach(shutDown);

/** True when the promise has not settled after everything that can settle did. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  void promise.catch(() => {}).finally(() => (pending = false));
  await flush();
  return pending;
}

// Each test shows the fault on the installed cockatiel, then the right answer of every engine.
describe.each(Object.values(engines))('cockatiel raw → $name', ({ retry, breaker }) => {
  test('an abort is not heard in the wait before a retry, and the function runs once more → the caller is free at once', async () => {
    const caller = new AbortController();
    let runs = 0;
    const run = (): never => {
      runs += 1;
      throw new Error('down');
    };
    const theirs = theirRetry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(5_000) }).execute(run, caller.signal);
    await flush();
    caller.abort();
    expect(await isPending(theirs)).toBe(true);
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(theirs).rejects.toThrow('down');
    expect(runs).toBe(2);

    runs = 0;
    const leaver = new AbortController();
    const clock = new FakeClock();
    const call = pipeline('p', [retry({ backoff: fixed(5_000) })], { clock }).executeOutcome(run, { signal: leaver.signal });
    await flush();
    leaver.abort();
    expect(await isPending(call)).toBe(false);
    expect([runs, errorOf(await call)?.code, clock.pending]).toEqual([1, 'ABORTED', 0]);
  });

  test('an abort is not heard in the queue of a bulkhead → the caller is free at once, and the place in the queue too', async () => {
    const work = Promise.withResolvers<string>();
    const theirs = theirBulkhead(1, 1);
    const running = theirs.execute(() => work.promise);
    const caller = new AbortController();
    const queued = theirs.execute(up, caller.signal);
    caller.abort();
    expect([await isPending(queued), theirs.queueSlots]).toEqual([true, 0]);
    await expect(theirs.execute(up)).rejects.toThrow('Bulkhead capacity exceeded');
    work.resolve('done');
    await running;
    await expect(queued).rejects.toThrow('Operation cancelled');

    const hold = Promise.withResolvers<string>();
    const policies = [bulkhead({ maxConcurrent: 1, maxQueue: 1, maxWaitMs: 60_000 }), retry(), breaker()];
    const p = pipeline('p', policies, { clock: new FakeClock() });
    const first = p.execute(() => hold.promise);
    const leaver = new AbortController();
    const waiting = p.executeOutcome(up, { signal: leaver.signal });
    await flush();
    leaver.abort();
    expect(await isPending(waiting)).toBe(false);
    expect([(await waiting).kind, p.snapshot().policies[0]?.limiter?.queued]).toEqual(['ignored', 0]);
    const next = p.execute(up);
    hold.resolve('done');
    expect([await first, await next]).toEqual(['done', 'up']);
  });

  test('samples of an hour ago open it → a window forgets', async () => {
    const sampling = new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 1 });
    const theirs = theirBreaker(handleAll, { halfOpenAfter: 1_000, breaker: sampling });
    for (let i = 0; i < 9; i++) await theirs.execute(down).catch(() => {});
    expect(theirs.state).toBe(CircuitState.Closed);
    await vi.advanceTimersByTimeAsync(3_600_000);
    await theirs.execute(down).catch(() => {});
    expect(theirs.state).toBe(CircuitState.Open);

    const { p, clock } = breakerUnder(breaker, { minimumCalls: 10, windowMs: 10_000 });
    await fail(p, 9);
    await clock.advance(3_600_000);
    await fail(p, 1);
    expect(state(p)).toBe('closed');
  });

  test('a failure that began before opens it again while it probes → an old generation counts for nothing', async () => {
    const [stale, probe] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const theirs = theirBreaker(handleAll, { halfOpenAfter: 100, breaker: new ConsecutiveBreaker(1) });
    const early = theirs.execute(() => stale.promise).catch(() => {});
    await theirs.execute(down).catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    const probing = theirs.execute(() => probe.promise);
    expect(theirs.state).toBe(CircuitState.HalfOpen);
    stale.reject(new Error('from before'));
    await early;
    expect(theirs.state).toBe(CircuitState.Open);
    probe.resolve('well');
    await probing;
    expect(theirs.state).toBe(CircuitState.Open);

    const [old, ours] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const { p, clock } = breakerUnder(breaker, { minimumCalls: 1, openMs: 100 });
    const before = p.executeOutcome(() => old.promise);
    await fail(p, 1);
    await clock.advance(100);
    const trial = p.execute(() => ours.promise);
    await flush();
    old.reject(new Error('from before'));
    await before;
    expect(state(p)).toBe('half_open');
    ours.resolve('well');
    await trial;
    expect(state(p)).toBe('closed');
  });

  test('callers hang behind a probe that hangs → they are refused at once, and the probe ends at its timeout', async () => {
    const theirs = theirBreaker(handleAll, { halfOpenAfter: 100, breaker: new ConsecutiveBreaker(1) });
    await theirs.execute(down).catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    void theirs.execute(never);
    const caller = new AbortController();
    const behind = theirs.execute(up, caller.signal);
    await vi.advanceTimersByTimeAsync(3_600_000);
    caller.abort();
    expect(await isPending(behind)).toBe(true);

    const { p, clock } = breakerUnder(breaker, { minimumCalls: 1, openMs: 100, probeTimeoutMs: 50 });
    await fail(p, 1);
    await clock.advance(100);
    void p.executeOutcome(never);
    await flush();
    const refused = p.executeOutcome(up);
    expect(await isPending(refused)).toBe(false);
    expect(errorOf(await refused)?.code).toBe('CIRCUIT_OPEN');
    await clock.advance(50);
    expect([state(p), clock.pending]).toEqual(['open', 0]);
  });
});
