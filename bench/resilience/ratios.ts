import type { CallCost } from './cost.ts';

/** How many times cheaper than a peer, from the medians of one run. */
export interface Ratio {
  readonly ours: string;
  readonly peer: string;
  /** At least so many times, where there is a goal. */
  readonly goal: number | undefined;
  readonly times: number;
}

const FULL = 'deadline, bulkhead, retry with budget, circuitBreaker, timeout';
const LISTENED = 'the same, somebody listens';
const COCKATIEL = 'cockatiel wrap(retry, circuitBreaker, timeout)';
const AROUND = 'p-retry around opossum';

/** Which figures are compared. */
export const pairs: readonly (readonly [ours: string, peer: string, goal?: number])[] = [
  [FULL, COCKATIEL, 10],
  [LISTENED, COCKATIEL, 10],
  ['retry, circuitBreaker, timeout', COCKATIEL],
  ['circuitBreaker', 'cockatiel circuitBreaker'],
  [FULL, AROUND, 2.5],
  [LISTENED, AROUND, 2.5],
  ['pRetry and opossum policies', AROUND],
  ['circuitBreaker', 'opossum alone, defaults'],
  ['opossum policy', 'opossum alone, defaults'],
  ['pRetry policy', 'p-retry alone'],
  ['a failure: circuitBreaker', 'a failure: cockatiel circuitBreaker'],
  ['a failure: circuitBreaker', 'a failure: opossum alone, no percentiles'],
  ['a failure: opossum policy', 'a failure: opossum alone, no percentiles'],
];

/** The pairs of which both sides were measured. */
export function ratios(costs: readonly CallCost[]): Ratio[] {
  const median = new Map(costs.map((cost) => [cost.what, cost.median]));
  return pairs.flatMap(([ours, peer, goal]) => {
    const [a, b] = [median.get(ours), median.get(peer)];
    return a === undefined || b === undefined ? [] : [{ ours, peer, goal, times: b / a }];
  });
}

/** Lines for a table for people. */
export function ratioRows(of: readonly Ratio[]): string[][] {
  const rows = of.map(({ ours, peer, goal, times }) => [
    ours,
    peer,
    `${times.toPrecision(3)}×`,
    goal === undefined ? '' : `≥ ${goal}×${times >= goal ? '' : ', missed'}`,
  ]);
  return [['nines', 'peer', 'cheaper by', 'goal'], ...rows];
}
