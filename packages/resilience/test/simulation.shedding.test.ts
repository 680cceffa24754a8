import { describe, expect, test } from 'vitest';
import type { Criticality } from '@nines/resilience';
import { admission } from '@nines/resilience/http';
import { simulation } from '@nines/resilience/testing';

interface Kept {
  /** Share of the critical requests that were served. */
  readonly critical: number;
  readonly sheddable: number;
  readonly requests: number;
  /** Of what was admitted, in milliseconds. */
  readonly p99Ms: number;
  /** Served, as a share of what the server can serve. */
  readonly goodput: number;
}

/** A server for 2 500 requests a second gets 7 500, one in five of them critical. */
async function overload(seed: number, criticalityOf: (random: number) => Criticality): Promise<Kept> {
  const world = simulation({ seed });
  const server = world.server({ workers: 50, serviceMs: (random) => 10 + 20 * random() });
  const gate = admission({ maxInFlight: 100, clock: world.clock });
  const counts = { critical: { came: 0, served: 0 }, sheddable: { came: 0, served: 0 } };
  const latencies: number[] = [];
  const load = world.load({
    perSecond: 7_500,
    async call() {
      const draw = world.random();
      const count = counts[draw < 0.2 ? 'critical' : 'sheddable'];
      const startedAt = world.clock.now();
      count.came += 1;
      const result = gate.admit({ 'x-criticality': criticalityOf(draw) });
      if (!result.admitted) return;
      await server.call();
      result.end(true);
      count.served += 1;
      latencies.push(world.clock.now() - startedAt);
    },
  });
  await world.run(10_000);
  load.stop();
  await world.run(1_000);
  const { critical, sheddable } = counts;
  latencies.sort((a, b) => a - b);
  return {
    critical: critical.served / critical.came,
    sheddable: sheddable.served / sheddable.came,
    requests: load.stats.started,
    p99Ms: latencies[Math.ceil(0.99 * latencies.length) - 1] ?? Number.NaN,
    goodput: latencies.length / 25_000,
  };
}

const told = (what: string, seed: number, kept: Kept): void =>
  console.info(
    `shedding at three times capacity, ${what}: ${(100 * kept.critical).toFixed(3)} % of critical and ${(100 * kept.sheddable).toFixed(1)} % of ` +
      `sheddable served of ${kept.requests} requests, p99 ${kept.p99Ms.toFixed(1)} ms, goodput ${(100 * kept.goodput).toFixed(1)} % (seed ${seed})`,
  );

describe('shedding, simulated', () => {
  test.each([1, 2, 3])('keeps 99.9 % of critical while there is something else to shed (seed %i)', async (seed) => {
    const kept = await overload(seed, (draw) => (draw < 0.2 ? 'critical' : 'sheddable+'));
    told('by criticality', seed, kept);
    expect(kept.critical).toBeGreaterThanOrEqual(0.999);
    expect(kept.goodput).toBeGreaterThan(0.9);
    // Unloaded, the slowest of a hundred takes 29.8 ms.
    expect(kept.p99Ms).toBeLessThan(2 * 29.8);
  });

  test('when all are alike, most of critical is lost', async () => {
    const kept = await overload(1, () => 'critical');
    told('all alike', 1, kept);
    expect(kept.critical).toBeLessThan(0.5);
  });

  test('the same seed gives the same result', async () => {
    const run = (): Promise<Kept> => overload(5, (draw) => (draw < 0.2 ? 'critical' : 'sheddable'));
    expect(await run()).toEqual(await run());
  });
});
