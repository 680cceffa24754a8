import type { Scenario } from './scenarios.ts';

/** CPU nanoseconds a call. */
export interface CallCost {
  readonly what: string;
  readonly of: Scenario['of'];
  readonly goalNs: number | undefined;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}
