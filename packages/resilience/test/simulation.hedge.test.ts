import { describe, expect, test } from 'vitest';
import { pipeline } from '@nines/resilience';
import { hedge, quantile } from '@nines/resilience/hedge';
import { simulation } from '@nines/resilience/testing';

interface Tail {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Requests beyond one a call, as a share of the calls. */
  readonly extra: number;
  readonly calls: number;
}

/** Most calls take 8 to 12 ms; a share of them, such as those that meet a pause, 250 to 350 ms. */
async function trace(seed: number, slowShare: number, hedging: boolean): Promise<Tail> {
  const world = simulation({ seed });
  const serviceMs = (random: () => number): number => (random() < slowShare ? 250 + 100 * random() : 8 + 4 * random());
  const server = world.server({ workers: 10_000, serviceMs });
  const policies = hedging ? [hedge({ delay: quantile(0.95), maxHedges: 1, maxExtraLoadRatio: 0.05 })] : [];
  const calls = pipeline('server', policies, { clock: world.clock, random: world.random });
  const load = world.load({
    perSecond: 500,
    call: () => calls.executeOutcome((ctx) => server.call(ctx.signal), { idempotent: true }),
  });
  await world.run(40_000);
  load.stop();
  await world.run(1_000);
  const [p50Ms, p99Ms, p999Ms] = [0.5, 0.99, 0.999].map((share) => load.quantileMs(share));
  return { p50Ms: p50Ms!, p99Ms: p99Ms!, p999Ms: p999Ms!, extra: server.stats.arrived / load.stats.started - 1, calls: load.stats.started };
}

const told = (slowShare: number, seed: number, before: Tail, after: Tail): void =>
  console.info(
    `hedging, ${100 * slowShare} % slow calls: p99 ${before.p99Ms.toFixed(0)} → ${after.p99Ms.toFixed(0)} ms ` +
      `(${(100 * (after.p99Ms / before.p99Ms - 1)).toFixed(0)} %), p99.9 ${before.p999Ms.toFixed(0)} → ${after.p999Ms.toFixed(0)} ms, ` +
      `median ${after.p50Ms.toFixed(1)} ms, extra load ${(100 * after.extra).toFixed(2)} % of ${after.calls} calls (seed ${seed})`,
  );

describe('hedging, simulated', () => {
  test.each([
    [1, 0.03],
    [2, 0.02],
    [3, 0.04],
  ])('at least halves the p99 of a bimodal trace at no more than 5 % extra load (seed %i, slow share %d)', async (seed, slowShare) => {
    const [before, after] = [await trace(seed, slowShare, false), await trace(seed, slowShare, true)];
    told(slowShare, seed, before, after);
    expect(after.calls).toBeGreaterThan(19_000);
    expect(after.p99Ms).toBeLessThanOrEqual(0.5 * before.p99Ms);
    expect(after.extra).toBeLessThanOrEqual(0.05);
    expect(after.extra).toBeGreaterThan(0);
  });

  test('does not help when more calls are slow than the quantile leaves out, and costs no more then', async () => {
    const [before, after] = [await trace(4, 0.1, false), await trace(4, 0.1, true)];
    told(0.1, 4, before, after);
    expect(after.p99Ms).toBeGreaterThan(0.5 * before.p99Ms);
    expect(after.extra).toBeLessThanOrEqual(0.05);
  });

  test('the same seed gives the same trace', async () => {
    expect(await trace(5, 0.03, true)).toEqual(await trace(5, 0.03, true));
  });
});
