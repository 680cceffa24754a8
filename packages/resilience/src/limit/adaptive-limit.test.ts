import { describe, expect, test } from 'vitest';
import { fixed, retry, timeout } from '@nines/resilience';
import { hedge } from '@nines/resilience/hedge';
import { adaptiveLimit } from '@nines/resilience/limit';
import type { FakeClock } from '@nines/resilience/testing';
import { limited } from '../../test/limited.ts';

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

  test('also while the call that showed it keeps its place, because its first run works on', async () => {
    const limit = adaptiveLimit({ algorithm: 'aimd', initialLimit: 1, minLimit: 1, windowMs: 10, maxQueue: 1, maxWaitMs: 60_000 });
    const { p, clock, limiter } = limited(limit, [], [hedge({ delay: 10, maxExtraLoadRatio: 1 })]);
    for (let i = 0; i < 9; i++) await p.execute(() => i);
    const hedged = p.execute((ctx) => (ctx.hedge === 0 ? new Promise(() => {}) : 'hedge'), { idempotent: true });
    const waits = p.execute(() => 'waited');
    await clock.advance(10);
    expect([await hedged, await waits, limiter()]).toEqual(['hedge', 'waited', { limit: 2, inFlight: 1, queued: 0 }]);
  });

  test('two pipelines share no limit', async () => {
    const policy = adaptiveLimit();
    const [a, b] = [limited(policy), limited(policy)];
    await busy(a.p, a.clock, 3_000, 20);
    expect([a.limiter()?.limit === 20, b.limiter()?.limit]).toEqual([false, 20]);
  });
});
