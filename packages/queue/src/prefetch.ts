/**
 * How many jobs to claim beyond the free slots, so that slots do not wait for Redis.
 *
 * While one exchange is on its way (`exchangeMs`), `concurrency` slots finish `concurrency × exchangeMs / attemptMs` jobs;
 * twice that many keeps them busy. Slow handlers need none, and what is not prefetched is not redelivered after a crash.
 */
export interface Prefetch {
  observeAttempt(ms: number): void;
  observeExchange(ms: number): void;
  /** Jobs beyond the free slots, 0 to `max`. */
  target(): number;
}

/** Weight of the newest observation; about the last twenty count. */
const WEIGHT = 0.1;
/** Below this a handler costs no waiting time, only processor time. */
const ATTEMPT_MS_MIN = 0.005;

export function createPrefetch(concurrency: number, max: number): Prefetch {
  let attemptMs = Number.NaN;
  let exchangeMs = 1;
  const moving = (average: number, value: number) => (Number.isNaN(average) ? value : average + WEIGHT * (value - average));
  return {
    observeAttempt(ms) {
      attemptMs = moving(attemptMs, ms);
    },
    observeExchange(ms) {
      exchangeMs = moving(exchangeMs, ms);
    },
    target() {
      // Nothing is known before the first attempt has ended, so nothing is held back from other consumers.
      if (Number.isNaN(attemptMs)) return 0;
      return Math.min(max, Math.floor((2 * concurrency * exchangeMs) / Math.max(attemptMs, ATTEMPT_MS_MIN)));
    },
  };
}
