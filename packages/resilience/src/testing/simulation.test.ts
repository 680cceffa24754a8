import { describe, expect, test } from 'vitest';
import { circuitBreaker, pipeline, timeout } from '@nines/resilience';
import { simulation } from '@nines/resilience/testing';

/** A load of 80 % on two workers, through a real pipeline. */
async function day(seed: number): Promise<unknown> {
  const world = simulation({ seed });
  const server = world.server({ workers: 2, serviceMs: (random) => 50 + 100 * random() });
  const calls = pipeline('p', [timeout({ attemptMs: 400 })], { clock: world.clock, random: world.random });
  const load = world.load({ perSecond: 16, call: () => calls.executeOutcome((ctx) => server.call(ctx.signal)) });
  await world.run(20_000);
  return [server.stats, load.stats, load.quantileMs(0.5), load.quantileMs(0.99)];
}

/** A call a second, for an hour in which the server is down for a minute. */
async function hour(seed: number): Promise<{ readonly calls: number; readonly failed: number; readonly wallMs: number }> {
  const began = performance.now();
  const world = simulation({ seed });
  const server = world.server({ workers: 10, serviceMs: 50 });
  const calls = pipeline('p', [circuitBreaker()], { clock: world.clock, random: world.random });
  const load = world.load({ perSecond: 1, call: () => calls.executeOutcome((ctx) => server.call(ctx.signal)) });
  await world.run(1_800_000);
  server.health = 'down';
  await world.run(60_000);
  server.health = 'up';
  await world.run(1_740_000);
  return { calls: load.stats.started, failed: load.stats.failed, wallMs: performance.now() - began };
}

describe('simulation', () => {
  test('an hour passes as fast as its events can be worked off, the same for the same seed', async () => {
    const first = await hour(1);
    const second = await hour(1);
    console.info(`a simulated hour of ${second.calls} calls: ${second.wallMs.toFixed(0)} ms of wall`);
    expect({ ...first, wallMs: 0 }).toEqual({ ...second, wallMs: 0 });
    expect(first.failed).toBeGreaterThan(20);
  });

  test('gives the same run for the same seed, another for another', async () => {
    const [a, b, c] = await Promise.all([day(1), day(1), day(2)]);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  test('serves as many as there are workers, queues the next, refuses past the queue', async () => {
    const world = simulation({ seed: 1 });
    const server = world.server({ name: 'stock', workers: 2, serviceMs: 100, maxQueue: 1 });
    const ended: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      void server.call().then(
        () => ended.push(`${name} ${world.clock.now()}`),
        (error: Error) => ended.push(`${name} ${error.message}`),
      );
    }
    await world.run(0);
    expect(server.stats).toMatchObject({ arrived: 4, busy: 2, queued: 1, refused: 1 });
    await world.run(200);
    expect(ended).toEqual(['d stock is full', 'a 100', 'b 100', 'c 200']);
    expect(server.stats).toMatchObject({ completed: 3, busy: 0, queued: 0 });
  });

  test('keeps to the law of a single server: M/M/1 at 50 % waits as long as it serves', async () => {
    const world = simulation({ seed: 3 });
    const server = world.server({ workers: 1, serviceMs: (random) => -10 * Math.log(1 - random()) });
    let sum = 0;
    const load = world.load({
      perSecond: 50,
      async call() {
        const at = world.clock.now();
        await server.call();
        sum += world.clock.now() - at;
      },
    });
    await world.run(600_000);
    const meanMs = sum / load.stats.succeeded;
    // W = 1 / (μ − λ) = 1 / (100/s − 50/s) = 20 ms.
    expect(meanMs, `seed ${world.seed}`).toBeGreaterThan(19);
    expect(meanMs, `seed ${world.seed}`).toBeLessThan(21);
    // The median of an exponential time of 20 ms is 20 · ln 2.
    expect(Math.abs(load.quantileMs(0.5) - 20 * Math.LN2), `seed ${world.seed}`).toBeLessThan(1);
  });

  test('fails at once when down, never answers when hung, and serves again after', async () => {
    const world = simulation({ seed: 1 });
    const server = world.server({ workers: 1, serviceMs: 10 });
    server.health = 'down';
    await expect(server.call()).rejects.toThrow('server is down');
    server.health = 'hung';
    let hung = 'waits';
    void server.call().then(() => (hung = 'answered'));
    await world.run(1_000);
    server.health = 'up';
    const answered = server.call();
    await world.run(1_000);
    await answered;
    expect([hung, server.stats.failed, server.stats.completed]).toEqual(['waits', 1, 1]);
  });

  test('works on for a caller who left, and counts that as wasted', async () => {
    const world = simulation({ seed: 1 });
    const server = world.server({ workers: 1, serviceMs: 100 });
    const calls = pipeline('p', [timeout({ attemptMs: 30 })], { clock: world.clock });
    const outcome = calls.executeOutcome((ctx) => server.call(ctx.signal));
    await world.run(30);
    expect(await outcome).toMatchObject({ ok: false, kind: 'transient' });
    expect(server.stats).toMatchObject({ busy: 1, wasted: 0 });
    await world.run(70);
    expect(server.stats).toMatchObject({ busy: 0, completed: 1, wasted: 1 });
  });

  test('rejects a caller who had left before, and lets go of the signal of one that was served', async () => {
    const world = simulation({ seed: 1 });
    const server = world.server({ workers: 1, serviceMs: 10 });
    await expect(server.call(AbortSignal.abort('left'))).rejects.toBe('left');
    const { signal } = new AbortController();
    const listeners: string[] = [];
    signal.addEventListener = (type: string) => void listeners.push(`+${type}`);
    signal.removeEventListener = (type: string) => void listeners.push(`-${type}`);
    const served = server.call(signal);
    await world.run(20);
    await served;
    expect([listeners, server.stats.completed]).toEqual([['+abort', '-abort'], 2]);
  });

  test('gains capacity when workers are added, and a tier fails when the one below does', async () => {
    const world = simulation({ seed: 1 });
    const below = world.server({ name: 'below', workers: 10, serviceMs: 1 });
    const above = world.server({ name: 'above', workers: 1, serviceMs: 10, handle: () => below.call() });
    const both = Promise.all([above.call(), above.call()]);
    await world.run(0);
    expect(above.stats).toMatchObject({ busy: 1, queued: 1 });
    above.workers = 2;
    expect(above.stats).toMatchObject({ busy: 2, queued: 0 });
    await world.run(11);
    await both;
    below.health = 'down';
    let reason: unknown;
    void above.call().catch((error: unknown) => (reason = error));
    await world.run(10);
    expect(reason).toEqual(new Error('below is down'));
    expect(above.stats).toMatchObject({ completed: 2, failed: 1, busy: 0 });
  });

  test('an even load begins its calls in step, pauses at a rate of 0 and can be stopped', async () => {
    const world = simulation({ seed: 1 });
    const at: number[] = [];
    const load = world.load({
      perSecond: (now) => (now < 300 ? 10 : 0),
      arrivals: 'even',
      call: () => {
        at.push(world.clock.now());
        return { ok: at.length !== 2 };
      },
    });
    await world.run(1_000);
    expect(at).toEqual([100, 200, 300]);
    expect(load.stats).toEqual({ started: 3, succeeded: 2, failed: 1, inFlight: 0 });
    load.stop();
    expect(world.clock.pending).toBe(0);
  });

  test('keeps a fair sample of latencies when there are more than it may keep, and goes on after calls that throw', async () => {
    const world = simulation({ seed: 9 });
    // The first half takes 10 ms, the second 30 ms: a sample of the first or the last alone would not see both.
    const load = world.load({
      perSecond: 1_000,
      maxSamples: 500,
      async call() {
        await new Promise<void>((resolve) => {
          world.clock.schedule(resolve, world.clock.now() < 10_000 ? 10 : 30);
        });
        if (load.stats.started % 2 === 0) throw new Error('failed on purpose');
      },
    });
    await world.run(20_000);
    expect([load.quantileMs(0.4), load.quantileMs(0.6)].map(Math.round), `seed ${world.seed}`).toEqual([10, 30]);
    expect(load.stats.failed, `seed ${world.seed}`).toBeGreaterThan(load.stats.started / 3);
  });

  test('refuses what cannot be simulated', () => {
    const world = simulation({ seed: 1 });
    expect(() => simulation({ seed: -1 })).toThrow('seed must be');
    expect(() => world.server({ workers: 0, serviceMs: 1 })).toThrow('workers must be');
    expect(() => (world.server({ workers: 1, serviceMs: 1 }).workers = Number.NaN)).toThrow('workers must be');
    expect(() => world.server({ workers: 1, serviceMs: -1 })).toThrow('serviceMs must be');
    expect(() => world.load({ perSecond: 0, call: () => 1 })).toThrow('perSecond must be');
    expect(Number.isNaN(world.load({ perSecond: 1, call: () => 1 }).quantileMs(0.5))).toBe(true);
  });
});
