import { describe, expect, test } from 'vitest';
import { exponential, type Pipeline, pipeline, type Policy, retry, type RetryBudget, timeout } from '@nines/resilience';
import { simulation, type Simulation } from '@nines/resilience/testing';

/** What most libraries do: every failed attempt is retried. */
const unbounded: RetryBudget = { call: () => {}, settled: () => {}, take: () => true, balance: () => Number.POSITIVE_INFINITY };

const retries = (budget?: RetryBudget): Policy =>
  retry({ maxAttempts: 4, backoff: exponential({ baseMs: 10, maxMs: 100 }), ...(budget === undefined ? {} : { budget }) });

const calls = (world: Simulation, name: string, budget?: RetryBudget): Pipeline =>
  pipeline(name, [retries(budget), timeout({ attemptMs: 1_000 })], { clock: world.clock, random: world.random });

/** Requests at the last server for each call at the first, while that server is down. */
interface Storm {
  readonly amplification: number;
  readonly calls: number;
}

/** Clients call a server that is down. */
async function oneTier(seed: number, budget?: RetryBudget): Promise<Storm> {
  const world = simulation({ seed });
  const server = world.server({ workers: 100, serviceMs: 10 });
  server.health = 'down';
  const outgoing = calls(world, 'client', budget);
  const load = world.load({ perSecond: 100, call: () => outgoing.executeOutcome((ctx) => server.call(ctx.signal)) });
  await world.run(60_000);
  return { amplification: server.stats.arrived / load.stats.started, calls: load.stats.started };
}

/** Clients call a front that calls a middle that calls a back that is down; each makes up to three retries. */
async function threeTiers(seed: number, perSecond: number, ms: number, unbounded?: RetryBudget): Promise<Storm> {
  const world = simulation({ seed });
  const back = world.server({ name: 'back', workers: 10_000, serviceMs: 5 });
  back.health = 'down';
  const toBack = calls(world, 'middle', unbounded);
  const middle = world.server({ name: 'middle', workers: 10_000, serviceMs: 5, handle: () => toBack.execute(() => back.call()) });
  const toMiddle = calls(world, 'front', unbounded);
  const front = world.server({ name: 'front', workers: 10_000, serviceMs: 5, handle: () => toMiddle.execute(() => middle.call()) });
  const toFront = calls(world, 'client', unbounded);
  const load = world.load({ perSecond, call: () => toFront.executeOutcome(() => front.call()) });
  await world.run(ms);
  load.stop();
  await world.run(10_000);
  return { amplification: back.stats.arrived / load.stats.started, calls: load.stats.started };
}

const told = (what: string, seed: number, { amplification, calls }: Storm): string =>
  `retry storm, ${what}: ${amplification.toFixed(3)} requests for each of ${calls} calls (seed ${seed})`;

describe('retry storm, simulated', () => {
  test.each([1, 2, 3])('a dead dependency gets at most 1.2 times its load (seed %i)', async (seed) => {
    const storm = await oneTier(seed);
    console.info(told('dead dependency', seed, storm));
    expect(storm.calls).toBeGreaterThan(5_500);
    expect(storm.amplification).toBeLessThanOrEqual(1.2);
    expect(storm.amplification).toBeGreaterThan(1.05);
  });

  test('without a budget it gets four times its load', async () => {
    const storm = await oneTier(1, unbounded);
    console.info(told('dead dependency, no budget', 1, storm));
    expect(storm.amplification).toBeGreaterThan(3.9);
  });

  test.each([
    { seed: 1, perSecond: 1_000 },
    { seed: 2, perSecond: 1_000 },
    { seed: 3, perSecond: 100 },
  ])(
    'three tiers of three retries give at most 1.35 times the load (seed $seed, $perSecond calls a second)',
    async ({ seed, perSecond }) => {
      const storm = await threeTiers(seed, perSecond, 20_000);
      console.info(told(`three tiers, ${perSecond} calls a second`, seed, storm));
      expect(storm.calls).toBeGreaterThan(perSecond * 18);
      expect(storm.amplification).toBeLessThanOrEqual(1.35);
      expect(storm.amplification).toBeGreaterThan(1.25);
    },
  );

  test('without budgets they give 64 times the load', async () => {
    const storm = await threeTiers(1, 20, 10_000, unbounded);
    console.info(told('three tiers, no budget', 1, storm));
    expect(storm.amplification).toBeCloseTo(64, 0);
  });

  test('the same seed gives the same storm', async () => {
    expect(await oneTier(7)).toEqual(await oneTier(7));
  });
});
