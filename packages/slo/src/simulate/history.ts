import { accumulated, type Outage } from './outage.ts';
import { binomial, poisson, seeded, type Random } from './random.ts';
import type { TrafficModel } from './traffic.ts';

/** Counters of events, read every `stepSeconds`: what a Prometheus would have stored. */
export interface EventHistory {
  /** Seconds since 1970 of the first reading; 0 for a simulation. */
  readonly startSeconds: number;
  readonly stepSeconds: number;
  /** All events up to each reading; never falls. */
  readonly total: Float64Array;
  /** Bad events up to each reading; never falls. */
  readonly bad: Float64Array;
}

export interface World {
  readonly seconds: number;
  readonly stepSeconds: number;
  readonly seed: number;
  readonly traffic: TrafficModel;
  readonly outages: readonly Outage[];
  /** The error ratio when all is well. */
  readonly background: number;
  /** The error budget ratio, for slow burns. */
  readonly budget: number;
}

/**
 * Expected counts are kept in parts of 2^-20: so all their sums are exact, and an error ratio that equals a threshold is not lifted above it by
 * rounding. Failures are rounded down and events up for the same reason.
 */
const grain = 2 ** 20;

/** Lets a world happen, and counts. */
export function happen(world: World): EventHistory {
  const steps = Math.floor(world.seconds / world.stepSeconds);
  const total = new Float64Array(steps + 1);
  const bad = new Float64Array(steps + 1);
  const random = seeded(world.seed);
  const rates = ratesOf(world, random);
  const ratios = errorRatios(world, steps);
  for (let step = 0; step < steps; step++) {
    const mean = rates(step) * world.stepSeconds;
    const ratio = ratios[step]!;
    const events = world.traffic.random ? poisson(random, mean) : Math.ceil(mean * grain) / grain;
    const failures = world.traffic.random ? binomial(random, events, ratio) : Math.floor(mean * ratio * grain) / grain;
    total[step + 1] = total[step]! + events;
    bad[step + 1] = bad[step]! + failures;
  }
  return { startSeconds: 0, stepSeconds: world.stepSeconds, total, bad };
}

/** The mean error ratio of each step. What fails for two reasons at once fails once. */
function errorRatios({ outages, background, budget, stepSeconds }: World, steps: number): Float64Array {
  const ratios = new Float64Array(steps).fill(background);
  for (const one of outages) {
    const first = Math.floor(one.startSeconds / stepSeconds);
    const last = Math.min(steps, Math.ceil((one.startSeconds + one.seconds) / stepSeconds));
    for (let step = first; step < last; step++) {
      const from = step * stepSeconds - one.startSeconds;
      const ratio = (accumulated(one, from + stepSeconds, budget) - accumulated(one, from, budget)) / stepSeconds;
      const before = ratios[step]!;
      ratios[step] = before + ratio - before * ratio;
    }
  }
  return ratios;
}

const daySeconds = 86_400;

/** Events a second in each step; asked for step after step. */
function ratesOf({ traffic, stepSeconds }: World, random: Random): (step: number) => number {
  const { perSecond } = traffic;
  if (traffic.kind === 'diurnal') {
    const swing = traffic.swing ?? 0;
    return (step) => perSecond * (1 - swing * Math.cos((2 * Math.PI * step * stepSeconds) / daySeconds));
  }
  if (traffic.kind !== 'bursty') return () => perSecond;
  const { ratio = 1, share = 0, burstSeconds = stepSeconds } = traffic;
  const quiet = perSecond / (1 - share + share * ratio);
  const ends = Math.min(1, stepSeconds / burstSeconds);
  const begins = share === 1 ? 1 : Math.min(1, (ends * share) / (1 - share));
  let bursting = random() < share;
  return () => {
    bursting = bursting ? share === 1 || random() >= ends : random() < begins;
    return bursting ? quiet * ratio : quiet;
  };
}
