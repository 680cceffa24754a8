import type { DeadReason, RateLimit } from '@nines/queue';

/** Times of the model are whole units, so long that what a run itself takes can never matter. */
export const UNIT_MS = 100_000;
export const LEASE_UNITS = 3;

export interface Limits {
  readonly maxWaiting: number;
  readonly maxLeaseLosses: number;
  readonly completedCount: number;
  readonly deadCount: number;
  /** One token a unit. */
  readonly rateLimit?: RateLimit;
  readonly globalConcurrency?: number;
}

export type Place = 'waiting' | 'suspects' | 'delayed' | 'held' | 'dead' | 'completed';

export interface ModelJob {
  place: Place;
  attempts: number;
  losses: number;
  /** Why it is dead; undefined for poison. */
  reason?: DeadReason | undefined;
  /** Whether something is remembered of failures. */
  recorded: boolean;
  holder: string | undefined;
  /** When it is due, or when it ended, in units. */
  at: number;
  /** Class or group; a completed job has none any more. */
  line: string | undefined;
}
