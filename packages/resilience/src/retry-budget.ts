import { ratio, resolveOptions, wholeNumber } from './options.ts';
import type { OutcomeKind } from './outcome.ts';
import { Rolling } from './rolling.ts';

/**
 * Decides whether a retry may be made, from what all calls that share it did. Times are milliseconds of the pipeline's clock.
 * Give one budget to several pipelines and they share it.
 */
export interface RetryBudget {
  /** A call begins. */
  call(now: number): void;
  /** An attempt ended. */
  settled(kind: OutcomeKind, now: number): void;
  /** Takes the right to one retry; false when there is none. Taken before the wait, so that waiting retries count. */
  take(now: number): boolean;
  /** Retries that would be allowed now, as a number that may have a fraction. */
  balance(now: number): number;
}

/** Options of {@link retryBudget}. Both have a default. */
export interface RetryBudgetOptions {
  /** Retries for each call. Above 0, up to 1. Default: 0.1. */
  readonly ratio?: number;
  /** Retries a second that are allowed at least, so that a client with few calls may retry; it counts below `minPerSecond / ratio` calls a second. From 0. Default: 3. */
  readonly minPerSecond?: number;
}

/** How long a deposit counts, in milliseconds. */
const TTL_MS = 10_000;
const SLICES = 10;

/**
 * A share of the calls of the last ten seconds, and at least a few a second: load on a dead dependency stays at
 * `1 + ratio` times the calls, however many attempts each call may make. Each call pays `ratio` in, each retry takes 1 out;
 * what was paid in or taken out ten seconds ago is forgotten. Where less was paid in, `minPerSecond` times ten counts instead.
 *
 * Source: Finagle `RetryBudget`, a leaky token bucket with a window of 10 s. Finagle adds the reserve to what was paid in; here it
 * is a floor, because tiers that call each other multiply whatever each of them adds.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { fixed, pipeline, retry, retryBudget } from '@nines/resilience';
 *
 * const budget = retryBudget({ ratio: 0.1, minPerSecond: 0 });
 * const inventory = pipeline('inventory', [retry({ maxAttempts: 3, backoff: fixed(0), budget })]);
 * let attempts = 0;
 * for (let i = 0; i < 100; i++) attempts += (await inventory.executeOutcome(() => Promise.reject(new Error('down')))).attempts.length;
 * console.log(attempts); // 110
 * ```
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const resolved = resolveOptions<Required<RetryBudgetOptions>>('retryBudget', options, defaults, {
    ratio: ratio(),
    minPerSecond: wholeNumber(0, 1_000_000),
  });
  // Counted in millionths, so that a hundred calls of 0.1 make ten retries and not 9.999.
  const deposit = Math.round(resolved.ratio * UNIT);
  const reserve = resolved.minPerSecond * (TTL_MS / 1_000) * UNIT;
  const window = new Rolling(TTL_MS, SLICES, 2);

  function left(now: number): number {
    window.advance(now);
    return Math.max(0, Math.max(window.sum(PAID), reserve) - window.sum(TAKEN));
  }

  return {
    call(now) {
      window.advance(now);
      window.add(PAID, deposit);
    },
    settled: () => {},
    take(now) {
      if (left(now) < UNIT) return false;
      window.add(TAKEN, UNIT);
      return true;
    },
    balance: (now) => left(now) / UNIT,
  };
}

const UNIT = 1_000_000;
const PAID = 0;
const TAKEN = 1;

const defaults: Readonly<Required<RetryBudgetOptions>> = Object.freeze({ ratio: 0.1, minPerSecond: 3 });
