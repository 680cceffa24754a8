import { describe, expect, test } from 'vitest';
import { fixed, pipeline, type PipelineEvent, retry, retryBudget, type RetryOptions } from '@nines/resilience';
import { retryThrottle } from '@nines/resilience/throttle';
import { FakeClock } from '@nines/resilience/testing';
import { down, errorOf, up } from '../test/calls.ts';

describe('retry', () => {
  test('a dead dependency is called at most 1 + ratio times as often, whatever maxAttempts says', async () => {
    const clock = new FakeClock();
    const events: PipelineEvent[] = [];
    const budget = retryBudget({ ratio: 0.1, minPerSecond: 0 });
    const p = pipeline('p', [retry({ maxAttempts: 10, backoff: fixed(0), budget })], {
      clock,
      observer: { event: (event) => void events.push(event) },
    });
    let attempts = 0;
    for (let i = 0; i < 1_000; i++) {
      const call = p.executeOutcome(down);
      await clock.advance(1);
      attempts += (await call).attempts.length;
    }
    expect(attempts).toBe(1_100);
    const outcome = await p.executeOutcome(down);
    expect(errorOf(outcome)).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      message: 'p: gave up after 1 of 10 attempts: the retry budget is empty',
      attempts: [{ attempt: 1 }],
    });
    expect(events.findLast((event) => event.type === 'rejection')).toMatchObject({ policy: 'retry', reason: 'budget' });
  });

  test('a retry that waits has been paid for: a burst of failures cannot all wait and then storm', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [retry({ backoff: fixed(5_000), budget: retryBudget({ ratio: 0.2, minPerSecond: 0 }) })], { clock });
    let runs = 0;
    const calls = Array.from({ length: 100 }, () =>
      p.executeOutcome(() => {
        runs += 1;
        throw new Error('down');
      }),
    );
    await clock.advance(4_999);
    expect([runs, clock.pending]).toEqual([100, 20]);
    await clock.advance(10_000);
    await Promise.all(calls);
    expect(runs).toBe(120);
  });

  test('pipelines share a budget that is given to both, and each has its own when none is given', async () => {
    const budget = retryBudget({ ratio: 1, minPerSecond: 0 });
    const clock = new FakeClock();
    const [a, b] = ['a', 'b'].map((name) => pipeline(name, [retry({ budget })], { clock }));
    await a?.execute(up);
    expect(b?.snapshot().policies[0]?.retryBudget).toBe(1);
    const own = pipeline('own', [retry()], { clock });
    expect(own.snapshot().policies[0]?.retryBudget).toBe(30);
  });

  test('a backoff or allow() that throws ends the call with its error', async () => {
    const error = new Error('mine');
    const thrower = (): never => {
      throw error;
    };
    for (const options of [{ backoff: thrower }, { allow: thrower }]) {
      const outcome = await pipeline('p', [retry(options)]).executeOutcome(down);
      expect(outcome).toMatchObject({ ok: false, kind: 'ignored', error });
      expect(outcome.attempts).toHaveLength(1);
    }
  });

  test.each([
    [{ maxAttempts: 0 }, 'retry: maxAttempts must be a whole number from 1 to 100, got 0'],
    [{ budget: {} }, 'retry: budget must be a retryBudget(), got an object'],
    [{ retryAfter: { maxMs: -1 } }, 'retry: retryAfter.maxMs must be a whole number from 0 to 2147483647, got -1'],
    [{ retries: 3 }, 'retry: unknown option "retries"'],
  ])('refuses %j with the reason', (options, message) => {
    expect(() => retry(options as RetryOptions)).toThrow(message);
  });
});

// Source: Finagle, com.twitter.finagle.service.RetryBudget: deposits of `percentCanRetry` live for `ttl` (10 s), with `minRetriesPerSec` on top.
describe('retryBudget, against Finagle RetryBudget', () => {
  /** Retries that are granted one after the other at one time. */
  const granted = (budget: ReturnType<typeof retryBudget>, now: number): number => {
    let count = 0;
    while (count < 1_000 && budget.take(now)) count += 1;
    return count;
  };

  test('a share of the calls: ratio 0.2 gives one retry for five calls, 0.1 ten for a hundred, 1 one each', () => {
    for (const [ratio, calls, retries] of [
      [0.2, 4, 0],
      [0.2, 5, 1],
      [0.1, 100, 10],
      [0.1, 109, 10],
      [1, 7, 7],
      [1 / 3, 9, 2],
    ] as const) {
      const budget = retryBudget({ ratio, minPerSecond: 0 });
      for (let i = 0; i < calls; i++) budget.call(0);
      expect([ratio, calls, granted(budget, 0)]).toEqual([ratio, calls, retries]);
    }
  });

  test('minPerSecond is a floor, for ten seconds at once; what was taken comes back after ten', () => {
    const budget = retryBudget({ ratio: 0.1, minPerSecond: 2 });
    expect(granted(budget, 0)).toBe(20);
    expect(granted(budget, 9_999)).toBe(0);
    expect(granted(budget, 10_000)).toBe(20);
  });

  test('a deposit counts for ten seconds', () => {
    const budget = retryBudget({ ratio: 0.5, minPerSecond: 0 });
    for (let i = 0; i < 10; i++) budget.call(1_500);
    expect([budget.balance(10_999), budget.balance(11_000)]).toEqual([5, 0]);
    expect(budget.take(11_000)).toBe(false);
  });

  test('a clock that jumps a year empties it and breaks nothing', () => {
    const budget = retryBudget({ ratio: 1, minPerSecond: 0 });
    budget.call(0);
    expect(budget.balance(31_536_000_000)).toBe(0);
    budget.call(31_536_000_000);
    expect(budget.balance(31_536_000_001)).toBe(1);
  });

  test('refuses what is no share', () => {
    expect(() => retryBudget({ ratio: 10 })).toThrow('retryBudget: ratio must be a number above 0 and up to 1, got 10');
  });
});

// Source: gRPC proposal A6-client-retries, "Throttling Retry Attempts and Hedged RPCs": token_count −1 for a failure, +tokenRatio for a
// success, retries only while it is above maxTokens / 2.
describe('retryThrottle, against gRPC A6', () => {
  test('maxTokens 10, tokenRatio 0.1: the fifth failure stops retries, ten successes and one more bring them back', () => {
    const throttle = retryThrottle({ maxTokens: 10, tokenRatio: 0.1 });
    const allowed: boolean[] = [];
    for (let i = 0; i < 6; i++) {
      throttle.settled('transient', 0);
      allowed.push(throttle.take(0));
    }
    expect(allowed).toEqual([true, true, true, true, false, false]);
    for (let i = 0; i < 10; i++) throttle.settled('success', 0);
    expect(throttle.take(0)).toBe(false);
    throttle.settled('success', 0);
    expect([throttle.take(0), throttle.balance(0)]).toEqual([true, 0.1]);
  });

  test('never falls below none nor rises above maxTokens; what was ignored or refused here changes nothing', () => {
    const throttle = retryThrottle({ maxTokens: 2, tokenRatio: 1 });
    for (let i = 0; i < 100; i++) throttle.settled('throttled', 0);
    throttle.settled('success', 0);
    expect(throttle.take(0)).toBe(false);
    throttle.settled('success', 0);
    for (let i = 0; i < 100; i++) throttle.settled('success', 0);
    expect(throttle.balance(0)).toBe(1);
    throttle.settled('ignored', 0);
    throttle.settled('rejected', 0);
    expect(throttle.balance(0)).toBe(1);
  });
});
