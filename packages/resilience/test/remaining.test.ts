import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bulkhead, fixed, pipeline, type Policy, retry, retryBudget, timeout } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import CircuitBreaker from 'opossum';
import { FakeClock } from '@nines/resilience/testing';
import { breakerUnder, down, fail, never, state, up } from './calls.ts';
import { engines } from './engines.ts';
import { fakeTimers, shutDown } from './naked-opossum.ts';

/*
 * What could not be mended from outside, or stays as the library has it. The README lists these by name; each is shown here
 * so that the list is true, with the native answer where there is one.
 */

beforeEach(fakeTimers);
afterEach(shutDown);

describe('what remains of opossum in a pipeline', () => {
  test('every failure adds up the whole window', async () => {
    const stats = vi.spyOn(CircuitBreaker.prototype, 'stats', 'get');
    try {
      const p = pipeline('p', [opossum({ minimumCalls: 1_000 })]);
      await p.execute(up);
      expect(stats).toHaveBeenCalledTimes(0);
      await fail(p, 10);
      expect(stats).toHaveBeenCalledTimes(10);
    } finally {
      stats.mockRestore();
    }
  });

  test('it decides only when a call fails: a success that completes minimumCalls does not open it', async () => {
    const options = { minimumCalls: 4, failureRateThreshold: 0.5 };
    const wrapped = breakerUnder(engines.opossum.breaker, options).p;
    const native = breakerUnder(engines.native.breaker, options).p;
    for (const p of [wrapped, native]) {
      await fail(p, 3);
      await p.execute(up);
    }
    expect([state(wrapped), state(native)]).toEqual(['closed', 'open']);
    await fail(wrapped, 1);
    expect(state(wrapped)).toBe('open');
  });

  test('its window turns in whole buckets, counted from the making of the breaker', async () => {
    const { p, clock } = breakerUnder(engines.opossum.breaker, { minimumCalls: 2, windowMs: 1_000, windowBuckets: 1 });
    await clock.advance(999);
    await fail(p, 1);
    await clock.advance(1);
    await fail(p, 1);
    expect(state(p)).toBe('closed');
  });
});

describe('what remains of p-retry in a pipeline', () => {
  test('nothing limits retries over many calls: a dead dependency gets three times the load → a budget holds it at 1.1', async () => {
    const load = async (policy: Policy): Promise<number> => {
      const clock = new FakeClock();
      const p = pipeline('p', [policy], { clock });
      let runs = 0;
      const run = (): never => {
        runs += 1;
        throw new Error('down');
      };
      for (let i = 0; i < 500; i++) {
        const call = p.executeOutcome(run);
        await clock.advance(10);
        await call;
      }
      return runs / 500;
    };
    expect(await load(pRetry({ maxAttempts: 3, backoff: fixed(0) }))).toBe(3);
    expect(await load(retry({ maxAttempts: 3, backoff: fixed(0), budget: retryBudget({ minPerSecond: 0 }) }))).toBe(1.1);
  });
});

describe.each(Object.values(engines))('what remains on $name', ({ breaker }) => {
  test('a function that ignores its signal works on after its timeout; a bulkhead bounds how many do', async () => {
    const running = async (limited: boolean): Promise<number> => {
      const clock = new FakeClock();
      const p = pipeline('p', [...(limited ? [bulkhead({ maxConcurrent: 2 })] : []), breaker(), timeout({ attemptMs: 10 })], { clock });
      let runs = 0;
      for (let i = 0; i < 12; i++) {
        const call = p.executeOutcome(() => {
          runs += 1;
          return never();
        });
        await clock.advance(10);
        await call;
      }
      return runs;
    };
    expect([await running(false), await running(true)]).toEqual([12, 2]);
  });

  test('an idle breaker stays open: it moves to half-open with the first call after openMs, not by itself', async () => {
    const { p, clock } = breakerUnder(breaker, { minimumCalls: 1, openMs: 100 });
    await p.executeOutcome(down);
    await clock.advance(3_600_000);
    expect([state(p), clock.pending]).toEqual(['open', 0]);
    await p.execute(up);
    expect(state(p)).toBe('closed');
  });
});
