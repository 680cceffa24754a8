import { type Criticality, MAX_TIMER_MS, objectOption, type OptionCheck, wholeNumber } from '@nines/resilience';

/** What every limit of this entry has. */
export interface LimitQueueOptions {
  /** Most calls that wait for a place. From 0. Default: 0. */
  readonly maxQueue?: number;
  /** Longest wait for a place. Milliseconds, from 1. Default: 1 000. */
  readonly maxWaitMs?: number;
  /**
   * The share of the limit from which calls of a criticality get no place, 0 to 1: those that matter more keep the rest.
   * Levels left out are those of critical+ 1, critical 0.9, sheddable+ 0.7, sheddable 0.5.
   */
  readonly shedFrom?: Readonly<Partial<Record<Criticality, number>>>;
}

/** Defaults of the queue. */
export const queueDefaults: { readonly maxQueue: number; readonly maxWaitMs: number } = Object.freeze({ maxQueue: 0, maxWaitMs: 1_000 });

/** Checks of {@link LimitQueueOptions}. */
export const queueChecks: Readonly<Record<keyof LimitQueueOptions, OptionCheck>> = {
  maxQueue: wholeNumber(0, 1_000_000),
  maxWaitMs: wholeNumber(1, MAX_TIMER_MS),
  shedFrom: objectOption(),
};
