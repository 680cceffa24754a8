import { assert, property, type Arbitrary } from 'fast-check';

/** Of this run. Each property test carries it in its name, so that a failure can be run again: put the number here. */
export const seed: number = Math.trunc(Math.random() * 0x7fff_ffff);

/** Checks a promise against 500 random values, or as many as asked for where one takes long. */
export function forAll<Values extends [unknown, ...unknown[]]>(
  arbitraries: { readonly [Index in keyof Values]: Arbitrary<Values[Index]> },
  check: (...values: Values) => void,
  numRuns: number = 500,
): void {
  assert(property<Values>(...(arbitraries as { [Index in keyof Values]: Arbitrary<Values[Index]> }), check), { seed, numRuns });
}
