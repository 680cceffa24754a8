import type { BreakerWindow } from './breaker.ts';
import { Rolling } from './rolling.ts';

/** When a closed breaker opens: both rates count, at or above. */
export interface TripRule {
  readonly minimumCalls: number;
  readonly failureRate: number;
  /** Above 1 for never. */
  readonly slowCallRate: number;
}

function trips(total: number, failed: number, slow: number, { minimumCalls, failureRate, slowCallRate }: TripRule): boolean {
  return total >= minimumCalls && (failed / total >= failureRate || slow / total >= slowCallRate);
}

/** The calls of the last `ms`, in `buckets` that are forgotten one at a time. */
export function timeWindow(ms: number, buckets: number, rule: TripRule): BreakerWindow {
  const calls = new Rolling(ms, buckets, 3);
  return {
    record(now, ok, slow) {
      calls.advance(now);
      calls.add(0, 1);
      if (!ok) calls.add(1, 1);
      if (slow) calls.add(2, 1);
      return trips(calls.sum(0), calls.sum(1), calls.sum(2), rule);
    },
    reset: () => calls.clear(),
  };
}

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, however old. */
export function countWindow(size: number, rule: TripRule): BreakerWindow {
  const calls = new Uint8Array(size);
  let total = 0;
  let failed = 0;
  let slowCalls = 0;
  let next = 0;
  return {
    record(_now, ok, slow) {
      const old = calls[next]!;
      if (total === size) {
        if (old & FAILED) failed -= 1;
        if (old & SLOW) slowCalls -= 1;
      } else total += 1;
      calls[next] = (ok ? 0 : FAILED) | (slow ? SLOW : 0);
      if (!ok) failed += 1;
      if (slow) slowCalls += 1;
      next = (next + 1) % size;
      return trips(total, failed, slowCalls, rule);
    },
    reset() {
      next = 0;
      total = 0;
      failed = 0;
      slowCalls = 0;
    },
  };
}

/** Failures without a success between them. Slow calls that succeed do not count. */
export function consecutiveWindow(failures: number): BreakerWindow {
  let inARow = 0;
  return {
    record(_now, ok) {
      inARow = ok ? 0 : inARow + 1;
      return inARow >= failures;
    },
    reset() {
      inARow = 0;
    },
  };
}
