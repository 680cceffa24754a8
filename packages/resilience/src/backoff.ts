import { checkOption, functionOption, MAX_TIMER_MS, oneOf, resolveOptions, wholeNumber } from './options.ts';

/**
 * How long to wait before a retry, in milliseconds.
 *
 * @param attempt - 1 for the first retry.
 * @param random - gives numbers from 0 up to 1, such as `Math.random`.
 * @param retryAfterMs - what the dependency asked for, when it asked; only {@link retryAfter} looks at it.
 */
export type Backoff = (attempt: number, random: () => number, retryAfterMs?: number) => number;

/** How chance spreads the waits of many callers. */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none';

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** Wait before the first retry, before jitter. Milliseconds, from 1. */
  readonly baseMs: number;
  /** Longest wait. Milliseconds, from `baseMs`. */
  readonly maxMs: number;
  /** Default: `full`, which spreads best. */
  readonly jitter?: Jitter;
}

/** Doubles without overflow: 2^31 · 1 ms is past every cap. */
function doubled(baseMs: number, attempt: number, maxMs: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 31));
}

/** The chain is walked from its start, so that the wait depends on the attempt and the random source alone. */
function decorrelated(baseMs: number, maxMs: number, attempt: number, random: () => number): number {
  let wait = baseMs;
  for (let i = 0; i < Math.min(attempt, 32); i++) wait = Math.min(maxMs, baseMs + random() * (wait * 3 - baseMs));
  return wait;
}

/**
 * Waits that double, up to a limit, spread by chance. With `c = min(maxMs, baseMs · 2^(attempt − 1))`:
 *
 * | jitter | wait |
 * |---|---|
 * | `full` | uniform from 0 to c |
 * | `equal` | c/2 + uniform from 0 to c/2 |
 * | `decorrelated` | min(maxMs, uniform from baseMs to 3 · the wait before); a wait has this distribution, though each call draws the whole chain anew |
 * | `none` | c |
 *
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { exponential } from '@nines/resilience';
 *
 * const backoff = exponential({ baseMs: 100, maxMs: 1_000, jitter: 'none' });
 * console.log([1, 2, 3, 4, 5].map((attempt) => backoff(attempt, Math.random))); // [ 100, 200, 400, 800, 1000 ]
 * ```
 */
export function exponential(options: ExponentialOptions): Backoff {
  const { baseMs, maxMs, jitter } = resolveOptions<Required<ExponentialOptions>>(
    'exponential',
    options,
    { jitter: 'full' },
    {
      baseMs: wholeNumber(1, MAX_TIMER_MS),
      maxMs: wholeNumber(Number.isInteger(options?.baseMs) ? options.baseMs : 1, MAX_TIMER_MS),
      jitter: oneOf(['full', 'equal', 'decorrelated', 'none']),
    },
  );
  if (jitter === 'decorrelated') return (attempt, random) => decorrelated(baseMs, maxMs, attempt, random);
  if (jitter === 'equal') return (attempt, random) => doubled(baseMs, attempt, maxMs) * (0.5 + random() / 2);
  if (jitter === 'none') return (attempt) => doubled(baseMs, attempt, maxMs);
  return (attempt, random) => doubled(baseMs, attempt, maxMs) * random();
}

/**
 * The same wait each time. Many callers that failed together come back together: prefer {@link exponential}.
 *
 * @param ms - milliseconds, from 0.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { fixed } from '@nines/resilience';
 *
 * console.log(fixed(250)(1, Math.random)); // 250
 * ```
 */
export function fixed(ms: number): Backoff {
  checkOption('fixed', 'ms', ms, wholeNumber(0, MAX_TIMER_MS));
  return () => ms;
}

/** Options of {@link retryAfter}. */
export interface RetryAfterOptions {
  /** Longest wait that is granted to the dependency; a longer wish is cut. Milliseconds. */
  readonly maxMs: number;
  /** The backoff when the dependency asked for nothing, and the least wait when it did. */
  readonly otherwise: Backoff;
}

/**
 * Waits as long as the dependency asked (`Retry-After`), else as `otherwise` says; never shorter than `otherwise`,
 * so that a dependency that says 0 is not stormed.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { fixed, retryAfter } from '@nines/resilience';
 *
 * const backoff = retryAfter({ maxMs: 30_000, otherwise: fixed(200) });
 * console.log(backoff(1, Math.random), backoff(1, Math.random, 5_000), backoff(1, Math.random, 90_000)); // 200 5000 30000
 * ```
 */
export function retryAfter(options: RetryAfterOptions): Backoff {
  const { maxMs, otherwise } = resolveOptions<RetryAfterOptions>(
    'retryAfter',
    options,
    {},
    {
      maxMs: wholeNumber(0, MAX_TIMER_MS),
      otherwise: functionOption(),
    },
  );
  return (attempt, random, retryAfterMs) => Math.max(otherwise(attempt, random), Math.min(retryAfterMs ?? 0, maxMs));
}
