import { isLimited, type ResolvedQueueOptions } from './options.ts';
import type { ClaimedJob } from './store.ts';

/**
 * How many jobs to claim beyond the free slots, so that slots do not wait for Redis.
 *
 * While one exchange is on its way (`exchangeMs`), `concurrency` slots finish `concurrency × exchangeMs / attemptMs` jobs;
 * twice that many keeps them busy. Slow handlers need none, and what is not prefetched is not redelivered after a crash.
 */
export interface Prefetch {
  observeAttempt(ms: number): void;
  /** With `slotsOnly` the store gives no more than slots are free: what is claimed ahead would jump the line, or take a token or room under the cap. */
  observeExchange(ms: number, slotsOnly?: boolean): void;
  observeClaim(jobs: readonly ClaimedJob[]): void;
  /** Jobs beyond the free slots, from 0. */
  target(): number;
  /**
   * True while handlers take so much longer than an exchange that a slot can wait until the settlement of what it ran has left.
   * Then a crash makes no more jobs run again than there are slots.
   */
  readonly slow: boolean;
  /** Jobs that one claim may bring, from 1. */
  claimMax(): number;
}

/** Held at once at most, so that one recovery can give all of it away. */
const HELD_MAX = 2000;
const CLAIM_MAX = 1000;
/** Weight of the newest observation; about the last twenty count. */
const WEIGHT = 0.1;
/** A handler of that many exchanges loses a sixth of its slot's time on average by waiting until an exchange may leave. */
const SLOW_EXCHANGES = 3;
/** Below this a handler costs no waiting time, only processor time. */
const ATTEMPT_MS_MIN = 0.005;

/** Envelopes that are fetched ahead, and those of one claim, have about so many bytes at most; larger replies cost Redis and us more a byte. */
const BYTES_MAX = 262_144;

export function createPrefetch(concurrency: number, queue: Pick<ResolvedQueueOptions, 'globalConcurrency' | 'rateLimit'>): Prefetch {
  const max = Math.min(HELD_MAX - concurrency, 4 * concurrency + 240);
  let attemptMs = Number.NaN;
  let exchangeMs = 1;
  let jobBytes = 0;
  let slotsOnly = isLimited(queue);
  const moving = (average: number, value: number) => (Number.isNaN(average) ? value : average + WEIGHT * (value - average));
  return {
    observeAttempt(ms) {
      attemptMs = moving(attemptMs, ms);
    },
    observeExchange(ms, only = false) {
      slotsOnly = only;
      exchangeMs = moving(exchangeMs, ms);
    },
    get slow() {
      return !(attemptMs <= SLOW_EXCHANGES * exchangeMs);
    },
    observeClaim(jobs) {
      jobBytes = jobs.reduce((sum, { stored }) => sum + (stored?.length ?? 0), 0) / jobs.length;
    },
    claimMax: () => Math.max(1, Math.min(CLAIM_MAX, Math.floor(BYTES_MAX / jobBytes))),
    target() {
      // Nothing is known before the first attempt has ended, so nothing is held back from other consumers.
      if (slotsOnly || Number.isNaN(attemptMs)) return 0;
      return Math.min(
        max,
        Math.floor(BYTES_MAX / jobBytes),
        Math.floor((2 * concurrency * exchangeMs) / Math.max(attemptMs, ATTEMPT_MS_MIN)),
      );
    },
  };
}
