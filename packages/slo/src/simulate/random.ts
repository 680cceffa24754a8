import { SloError } from '../errors.ts';
import { show } from '../show.ts';

/** A source of numbers from 0 up to 1. */
export type Random = () => number;

/** Numbers from 0 up to 1, the same for the same seed: the generator mulberry32 by Tommy Ettinger. */
export function seeded(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed > 4_294_967_295) {
    throw new SloError('INVALID_OPTION', `seed must be a whole number from 0 to 4294967295, got ${show(seed)}`);
  }
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** From here on the normal approximation is closer than a step of the count. */
const manyEvents = 30;

/** A count of events that arrive independently, `mean` of them on average: Poisson, by inversion; above 30 its normal approximation. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > manyEvents) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** How many of `count` events fail when each does with `probability`: binomial, one by one; above 30 expected of each kind its normal approximation. */
export function binomial(random: Random, count: number, probability: number): number {
  if (probability <= 0 || count === 0) return 0;
  if (probability >= 1) return count;
  if (probability > 0.5) return count - binomial(random, count, 1 - probability);
  const mean = count * probability;
  if (mean > manyEvents) {
    const drawn = Math.round(mean + Math.sqrt(mean * (1 - probability)) * normal(random));
    return Math.min(count, Math.max(0, drawn));
  }
  // Jumps from failure to failure: the gap between two is geometric, so rare failures cost little however many events there are.
  const scale = Math.log1p(-probability);
  let failures = 0;
  for (let at = gap(random, scale); at <= count; at += gap(random, scale)) failures++;
  return failures;
}

function gap(random: Random, scale: number): number {
  return Math.floor(Math.log1p(-random()) / scale) + 1;
}

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random());
}
