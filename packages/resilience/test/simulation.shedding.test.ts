import { describe, expect, test } from 'vitest';
import { type Criticality, pipeline, type Policy } from '@nines/resilience';
import { admission } from '@nines/resilience/http';
import { adaptiveLimit, loadShedding } from '@nines/resilience/limit';
import { simulation, type Simulation } from '@nines/resilience/testing';

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

/** Serves one request of this criticality, or says at once that it will not. */
type Door = (criticality: Criticality, serve: () => Promise<void>) => Promise<boolean>;

const doors: Readonly<Record<string, (world: Simulation) => Door>> = {
  admission(world) {
    const gate = admission({ maxInFlight: 100, clock: world.clock });
    return async (criticality, serve) => {
      const result = gate.admit({ 'x-criticality': criticality });
      if (!result.admitted) return false;
      await serve();
      result.end(true);
      return true;
    };
  },
  loadShedding: (world) => through(world, loadShedding({ maxConcurrent: 100 })),
  'loadShedding with a queue': (world) => through(world, loadShedding({ maxConcurrent: 60, maxQueue: 20, maxWaitMs: 50, shedFrom: ALL })),
  'adaptiveLimit by gradient': (world) => through(world, adaptiveLimit({ shedFrom: {} })),
  'adaptiveLimit by aimd': (world) => through(world, adaptiveLimit({ algorithm: 'aimd', slowMs: 25, shedFrom: {} })),
};

/** No shares: who matters more only goes first in the queue, and puts out who matters less. */
const ALL = { 'critical+': 1, critical: 1, 'sheddable+': 1, sheddable: 1 };

function through(world: Simulation, policy: Policy): Door {
  const calls = pipeline('server', [policy], { clock: world.clock, random: world.random });
  return async (criticality, serve) => (await calls.executeOutcome(serve, { criticality })).ok;
}

/** What a limit that starts at 20 is given to find its place; nothing is counted before. */
const WARMUP_MS = 6_000;
const COUNTED_MS = 4_000;

/** A server for 2 500 requests a second gets 7 500, one in five of them critical. */
async function overload(seed: number, door: string, criticalityOf: (random: number) => Criticality): Promise<Kept> {
  const world = simulation({ seed });
  const server = world.server({ workers: 50, serviceMs: (random) => 10 + 20 * random() });
  const enter = doors[door]!(world);
  const counts = { critical: { came: 0, served: 0 }, sheddable: { came: 0, served: 0 } };
  const latencies: number[] = [];
  let requests = 0;
  const load = world.load({
    perSecond: 7_500,
    async call() {
      const draw = world.random();
      const startedAt = world.clock.now();
      const served = await enter(criticalityOf(draw), () => server.call());
      if (startedAt < WARMUP_MS) return;
      const count = counts[draw < 0.2 ? 'critical' : 'sheddable'];
      requests += 1;
      count.came += 1;
      if (!served) return;
      count.served += 1;
      latencies.push(world.clock.now() - startedAt);
    },
  });
  await world.run(WARMUP_MS + COUNTED_MS);
  load.stop();
  await world.run(1_000);
  const { critical, sheddable } = counts;
  latencies.sort((a, b) => a - b);
  return {
    critical: critical.served / critical.came,
    sheddable: sheddable.served / sheddable.came,
    requests,
    p99Ms: latencies[Math.ceil(0.99 * latencies.length) - 1] ?? Number.NaN,
    goodput: latencies.length / ((2_500 * COUNTED_MS) / 1_000),
  };
}

const told = (what: string, seed: number, kept: Kept): void =>
  console.info(
    `shedding at three times capacity, ${what}: ${(100 * kept.critical).toFixed(3)} % of critical and ${(100 * kept.sheddable).toFixed(1)} % of ` +
      `sheddable served of ${kept.requests} requests, p99 ${kept.p99Ms.toFixed(1)} ms, goodput ${(100 * kept.goodput).toFixed(1)} % (seed ${seed})`,
  );

describe('shedding, simulated', () => {
  test.each(Object.keys(doors).map((door, seed) => [door, seed + 1] as const))(
    '%s keeps 999 of 1 000 critical requests while there is something else to shed (seed %i)',
    async (door, seed) => {
      const kept = await overload(seed, door, (draw) => (draw < 0.2 ? 'critical' : 'sheddable+'));
      told(door, seed, kept);
      expect(kept.critical).toBeGreaterThanOrEqual(0.999);
      expect(kept.goodput).toBeGreaterThan(0.9);
      // Unloaded, the slowest of a hundred takes 29.8 ms.
      expect(kept.p99Ms).toBeLessThan(2 * 29.8);
    },
  );

  test.each(['admission', 'loadShedding'])('%s: when all are alike, most of critical is lost', async (door) => {
    const kept = await overload(1, door, () => 'critical');
    told(`${door}, all alike`, 1, kept);
    expect(kept.critical).toBeLessThan(0.5);
  });

  test('the same seed gives the same result', async () => {
    const run = (): Promise<Kept> => overload(5, 'loadShedding', (draw) => (draw < 0.2 ? 'critical' : 'sheddable'));
    expect(await run()).toEqual(await run());
  });
});
