import { describe, expect, test } from 'vitest';
import { pipeline } from '@nines/resilience';
import { adaptiveLimit, type AdaptiveLimitOptions } from '@nines/resilience/limit';
import { simulation } from '@nines/resilience/testing';

/** A server of 50 workers, each busy for 20 to 60 ms: 1 250 calls a second. Unloaded, 99 of 100 calls take at most 59.6 ms. */
const WORKERS = 50;
const CAPACITY = 1_250;
const UNLOADED_P99_MS = 59.6;

interface Phase {
  /** Answered, as a share of what the server could. */
  readonly goodput: number;
  /** Of what was admitted, in milliseconds. */
  readonly p99Ms: number;
  readonly limit: number;
}

interface Overload {
  readonly steady: Phase;
  /** Seconds after capacity halved until goodput and p99 were, and stayed, within their goals of the halved server; NaN for never. */
  readonly convergedS: number;
  readonly halved: Phase;
  readonly calls: number;
  readonly wallMs: number;
}

const STEADY_FROM_S = 8;
const HALVED_AT_S = 12;
const END_S = 24;

function p99(latencies: readonly number[]): number {
  return latencies.toSorted((a, b) => a - b)[Math.ceil(0.99 * latencies.length) - 1] ?? Number.NaN;
}

async function overload(seed: number, times: number, options: AdaptiveLimitOptions): Promise<Overload> {
  const began = performance.now();
  const world = simulation({ seed });
  const server = world.server({ workers: WORKERS, serviceMs: (random) => 20 + 40 * random() });
  const calls = pipeline('server', [adaptiveLimit(options)], { clock: world.clock, random: world.random });
  const limit = (): number => calls.snapshot().policies[0]?.limiter?.limit ?? Number.NaN;
  const seconds: number[][] = Array.from({ length: END_S + 1 }, () => []);
  const load = world.load({
    perSecond: times * CAPACITY,
    async call() {
      const startedAt = world.clock.now();
      const outcome = await calls.executeOutcome(() => server.call());
      const now = world.clock.now();
      if (outcome.ok) seconds[Math.floor(now / 1_000)]?.push(now - startedAt);
    },
  });
  const phase = (from: number, to: number, capacity: number, limitThen: number): Phase => {
    const latencies = seconds.slice(from, to).flat();
    return { goodput: latencies.length / (capacity * (to - from)), p99Ms: p99(latencies), limit: limitThen };
  };
  await world.run(HALVED_AT_S * 1_000);
  const steady = phase(STEADY_FROM_S, HALVED_AT_S, CAPACITY, limit());
  server.workers = WORKERS / 2;
  await world.run((END_S - HALVED_AT_S) * 1_000);
  load.stop();
  const good = (second: number): boolean => {
    const { goodput, p99Ms } = phase(second, second + 1, CAPACITY / 2, 0);
    return goodput >= 0.9 && p99Ms <= 2 * UNLOADED_P99_MS;
  };
  let converged = END_S;
  while (converged > HALVED_AT_S && good(converged - 1)) converged -= 1;
  return {
    steady,
    convergedS: converged === END_S ? Number.NaN : converged - HALVED_AT_S,
    halved: phase(END_S - 4, END_S, CAPACITY / 2, limit()),
    calls: load.stats.started,
    wallMs: performance.now() - began,
  };
}

const shown = ({ goodput, p99Ms, limit }: Phase): string =>
  `${(100 * goodput).toFixed(1)} % goodput, p99 ${p99Ms.toFixed(0)} ms, limit ${limit}`;

const told = (name: string, times: number, seed: number, { steady, halved, convergedS, calls, wallMs }: Overload): void =>
  console.info(
    `adaptive limit, ${name} at ${times} × capacity: ${shown(steady)}; capacity halved: good again after ${convergedS} s, ${shown(halved)} ` +
      `(unloaded p99 ${UNLOADED_P99_MS} ms; seed ${seed}, ${calls} calls, ${wallMs.toFixed(0)} ms of wall)`,
  );

describe.each<[string, AdaptiveLimitOptions]>([
  ['gradient', { algorithm: 'gradient' }],
  ['aimd', { algorithm: 'aimd', slowMs: 60 }],
])('adaptive limit by %s, simulated', (name, options) => {
  test.each([2, 5, 10])('keeps goodput and latency at %i times capacity, and again when capacity halves', async (times) => {
    const seen = await overload(times, times, options);
    told(name, times, times, seen);
    expect(seen.steady.goodput).toBeGreaterThanOrEqual(0.9);
    expect(seen.steady.p99Ms).toBeLessThanOrEqual(2 * UNLOADED_P99_MS);
    expect(seen.convergedS).toBeLessThanOrEqual(10);
    expect(seen.calls).toBeGreaterThan(0.9 * times * CAPACITY * END_S);
    expect(seen.halved.goodput).toBeGreaterThanOrEqual(0.9);
    expect(seen.halved.p99Ms).toBeLessThanOrEqual(2 * UNLOADED_P99_MS);
  });
});

describe('adaptive limit, simulated', () => {
  test('the same seed gives the same overload', async () => {
    const [first, second] = await Promise.all([overload(7, 1.5, {}), overload(7, 1.5, {})]);
    expect({ ...first, wallMs: 0 }).toEqual({ ...second, wallMs: 0 });
  });

  test('without a limit every answer comes too late to be of use', async () => {
    const seen = await overload(1, 2, { minLimit: 10_000, maxLimit: 10_000 });
    told('none', 2, 1, seen);
    expect(seen.steady.p99Ms).toBeGreaterThan(10 * UNLOADED_P99_MS);
  });

  test('gradient takes an overload that lasts for usual: by and by the limit rises, to maxLimit at most', async () => {
    const world = simulation({ seed: 3 });
    const server = world.server({ workers: 20, serviceMs: (random) => 20 + 40 * random() });
    const limit = adaptiveLimit({ maxLimit: 100, longWindowMs: 30_000 });
    const calls = pipeline('server', [limit], { clock: world.clock, random: world.random });
    world.load({ perSecond: 1_000, call: () => calls.executeOutcome(() => server.call()) });
    const limits: number[] = [];
    for (let at = 0; at < 6; at++) {
      await world.run(15_000);
      limits.push(calls.snapshot().policies[0]?.limiter?.limit ?? Number.NaN);
    }
    console.info(
      `adaptive limit, gradient at 2 × capacity of 20 workers, longWindowMs 30 s: limit ${limits.join(', ')}, every 15 s (seed 3)`,
    );
    expect(limits[0]).toBeLessThan(75);
    expect(limits.at(-1)).toBe(100);
  });
});
