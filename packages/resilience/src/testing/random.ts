import { checkOption, wholeNumber } from '@nines/resilience';

/**
 * Numbers from 0 up to 1, the same for the same seed: the generator mulberry32 by Tommy Ettinger. Not for secrets.
 *
 * @param seed - a whole number from 0 to 2^32 − 1.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { seededRandom } from '@nines/resilience/testing';
 *
 * const [a, b] = [seededRandom(7), seededRandom(7)];
 * console.log(a() === b(), a() === b()); // true true
 * ```
 */
export function seededRandom(seed: number): () => number {
  checkOption('seededRandom', 'seed', seed, wholeNumber(0, 4_294_967_295));
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
