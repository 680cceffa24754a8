/**
 * How fast a queue makes room for this producer, from what its own calls are told.
 *
 * Between two answers, `before + created - after` jobs left the queue. Others that fill it too hide a part of that, so what is seen
 * is this producer's share of the room, which is what it should come back for.
 */
export interface DrainRate {
  /** An answer: how many jobs wait, and how many of them it has just added. */
  observe(waiting: number, created: number, now: number): void;
  /** Milliseconds until there is room for the n-th refused job. */
  retryAfterMs(nth: number): number;
}

/** What is older counts for less and less. */
const MEMORY_MS = 5000;
const MIN_MS = 50;
const MAX_MS = 60_000;
/** As long as too little is known. */
const UNKNOWN_MS = 1000;
const KNOWN_AFTER_MS = 100;

export function createDrainRate(): DrainRate {
  let drained = 0;
  let overMs = 0;
  let before: number | undefined;
  let observedAt = 0;
  return {
    observe(waiting, created, now) {
      const passedMs = now - observedAt;
      if (before !== undefined && passedMs > 0) {
        const kept = Math.exp(-passedMs / MEMORY_MS);
        drained = drained * kept + Math.max(0, before + created - waiting);
        overMs = overMs * kept + passedMs;
      }
      if (before !== undefined && passedMs <= 0) return;
      before = waiting;
      observedAt = now;
    },
    retryAfterMs(nth) {
      if (overMs < KNOWN_AFTER_MS) return UNKNOWN_MS;
      return Math.max(MIN_MS, Math.min(MAX_MS, Math.ceil((nth * overMs) / drained)));
    },
  };
}
