import type { BreakerWindow } from './breaker.ts';

/** When a closed breaker opens: both rates count, at or above. */
export interface TripRule {
  readonly minimumCalls: number;
  readonly failureRate: number;
  /** Above 1 for never. */
  readonly slowCallRate: number;
}

/** Calls of a window. */
interface Tally {
  total: number;
  failed: number;
  slow: number;
}

function trips({ total, failed, slow }: Tally, { minimumCalls, failureRate, slowCallRate }: TripRule): boolean {
  return total >= minimumCalls && (failed / total >= failureRate || slow / total >= slowCallRate);
}

/**
 * The calls of the last `ms`, in `buckets` that are forgotten one at a time: a call counts for at least `ms` less one bucket.
 * A clock that jumps ahead empties it.
 */
export function timeWindow(ms: number, buckets: number, rule: TripRule): BreakerWindow {
  const bucketMs = ms / buckets;
  const counts = new Uint32Array(buckets * 3);
  const sum: Tally = { total: 0, failed: 0, slow: 0 };
  let newest = -1;

  function clear(bucket: number): void {
    const at = (bucket % buckets) * 3;
    sum.total -= counts[at]!;
    sum.failed -= counts[at + 1]!;
    sum.slow -= counts[at + 2]!;
    counts.fill(0, at, at + 3);
  }

  return {
    record(now, ok, slow) {
      const bucket = Math.max(0, newest, Math.floor(now / bucketMs));
      if (bucket !== newest) {
        for (let old = Math.max(newest + 1, bucket - buckets + 1); old <= bucket; old++) clear(old);
        newest = bucket;
      }
      const at = (bucket % buckets) * 3;
      counts[at]! += 1;
      sum.total += 1;
      if (!ok) {
        counts[at + 1]! += 1;
        sum.failed += 1;
      }
      if (slow) {
        counts[at + 2]! += 1;
        sum.slow += 1;
      }
      return trips(sum, rule);
    },
    reset() {
      counts.fill(0);
      sum.total = 0;
      sum.failed = 0;
      sum.slow = 0;
    },
  };
}

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, however old. */
export function countWindow(size: number, rule: TripRule): BreakerWindow {
  const calls = new Uint8Array(size);
  const sum: Tally = { total: 0, failed: 0, slow: 0 };
  let next = 0;
  return {
    record(_now, ok, slow) {
      const old = calls[next]!;
      if (sum.total === size) {
        if (old & FAILED) sum.failed -= 1;
        if (old & SLOW) sum.slow -= 1;
      } else sum.total += 1;
      calls[next] = (ok ? 0 : FAILED) | (slow ? SLOW : 0);
      if (!ok) sum.failed += 1;
      if (slow) sum.slow += 1;
      next = (next + 1) % size;
      return trips(sum, rule);
    },
    reset() {
      next = 0;
      sum.total = 0;
      sum.failed = 0;
      sum.slow = 0;
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
