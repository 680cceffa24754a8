import { describe, expect, test } from 'vitest';
import { pipeline, type Policy } from '@nines/resilience';
import { hedge, type HedgeSnapshot, quantile } from '@nines/resilience/hedge';
import { adaptiveLimit, loadShedding } from '@nines/resilience/limit';
import { FakeClock } from '@nines/resilience/testing';
import { flush, up } from '../../test/calls.ts';

function of(policy: Policy) {
  const clock = new FakeClock();
  return { p: pipeline('p', [policy], { clock }), clock };
}

describe('reconfigure of limits and hedges keeps', () => {
  test.each([
    {
      name: 'loadShedding',
      limit: (limit: number, maxQueue: number) => loadShedding({ maxConcurrent: limit, maxQueue, shedFrom: { critical: 1 } }),
    },
    { name: 'adaptiveLimit', limit: (limit: number, maxQueue: number) => adaptiveLimit({ minLimit: limit, maxLimit: limit, maxQueue }) },
  ])('$name: those that run and wait, under another limit', async ({ limit }) => {
    const { p } = of(limit(1, 5));
    const work = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const calls = work.map(({ promise }) => p.execute(() => promise));
    const limiter = () => p.snapshot().policies[0]?.limiter;
    await flush();
    expect(limiter()).toEqual({ limit: 1, inFlight: 1, queued: 3 });
    p.reconfigure([limit(3, 5)]);
    expect(limiter()).toEqual({ limit: 3, inFlight: 3, queued: 1 });
    p.reconfigure([limit(1, 0)]);
    expect((await p.executeOutcome(up)).kind).toBe('rejected');
    for (const one of work) one.resolve();
    await Promise.all(calls);
    expect(limiter()).toEqual({ limit: 1, inFlight: 0, queued: 0 });
  });

  test('adaptiveLimit: the limit that was found; not the algorithm', async () => {
    const { p, clock } = of(adaptiveLimit({ minLimit: 1, initialLimit: 10, maxLimit: 200, algorithm: 'aimd', windowMs: 10 }));
    for (let i = 0; i < 40; i++) {
      const calls = Array.from({ length: 10 }, () => p.execute(() => new Promise((resolve) => void clock.schedule(() => resolve(1), 10))));
      await clock.advance(10);
      await Promise.all(calls);
    }
    const limit = () => p.snapshot().policies[0]?.limiter?.limit;
    const found = limit();
    expect(found).toBeGreaterThan(10);
    p.reconfigure([adaptiveLimit({ minLimit: 1, initialLimit: 10, maxLimit: 100, algorithm: 'aimd', windowMs: 20 })]);
    expect(limit()).toBe(found);
    p.reconfigure([adaptiveLimit({ minLimit: 1, initialLimit: 5, maxLimit: 5, algorithm: 'aimd' })]);
    expect(limit()).toBe(5);
    expect(() => p.reconfigure([adaptiveLimit({ algorithm: 'gradient' })])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    expect(limit()).toBe(5);
  });

  test('hedge: what was measured, and the next delay', async () => {
    const slow = quantile(0.5, { minimumCalls: 5 });
    const { p } = of(hedge({ delay: slow }));
    const delay = () => (p.snapshot().policies[0] as HedgeSnapshot | undefined)?.delayMs;
    for (let i = 0; i < 6; i++) await p.execute(up, { idempotent: true });
    const measured = delay();
    expect(measured).toBeDefined();
    p.reconfigure([hedge({ delay: quantile(0.5, { minimumCalls: 5 }), maxHedges: 2 })]);
    expect(delay()).toBe(measured);
    p.reconfigure([hedge({ delay: 70 })]);
    expect(delay()).toBe(70);
    expect(() => p.reconfigure([hedge({ delay: 70, maxExtraLoadRatio: 0.5 })])).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});
