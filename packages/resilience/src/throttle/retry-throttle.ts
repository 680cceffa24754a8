import { MAX_TIMER_MS, ratio, resolveOptions, type RetryBudget, wholeNumber } from '@nines/resilience';

/** Options of {@link retryThrottle}. Both have a default. */
export interface RetryThrottleOptions {
  /** Tokens when full. Default: 10. */
  readonly maxTokens?: number;
  /** What a success gives back. Above 0, up to 1. Default: 0.1. */
  readonly tokenRatio?: number;
}

/**
 * The budget of gRPC: a failed attempt takes one token, a success gives `tokenRatio` back, and a retry is allowed only
 * while more than half of the tokens are there. It knows no time. `failure`, `transient` and `throttled` are failures.
 *
 * Source: gRPC proposal A6, "Throttling Retry Attempts and Hedged RPCs".
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { retryThrottle } from '@nines/resilience/throttle';
 *
 * const throttle = retryThrottle({ maxTokens: 4, tokenRatio: 0.5 });
 * throttle.settled('transient', 0);
 * console.log(throttle.take(0)); // true
 * // 3 of 4 tokens were left; now it is 2, which is not above half.
 * throttle.settled('transient', 0);
 * console.log(throttle.take(0)); // false
 * throttle.settled('success', 0);
 * console.log(throttle.take(0)); // true
 * ```
 */
export function retryThrottle(options: RetryThrottleOptions = {}): RetryBudget {
  const { maxTokens, tokenRatio } = resolveOptions<Required<RetryThrottleOptions>>('retryThrottle', options, throttleDefaults, {
    maxTokens: wholeNumber(1, MAX_TIMER_MS),
    tokenRatio: ratio(),
  });
  // Thousandths, as the proposal counts them: it keeps three decimal places of the ratio.
  const full = maxTokens * 1_000;
  const gain = Math.max(1, Math.round(tokenRatio * 1_000));
  let tokens = full;
  return {
    call: () => {},
    settled(kind) {
      if (kind === 'success') tokens = Math.min(full, tokens + gain);
      else if (kind === 'failure' || kind === 'transient' || kind === 'throttled') tokens = Math.max(0, tokens - 1_000);
    },
    take: () => tokens > full / 2,
    balance: () => Math.max(0, tokens - full / 2) / 1_000,
  };
}

const throttleDefaults: Readonly<Required<RetryThrottleOptions>> = Object.freeze({ maxTokens: 10, tokenRatio: 0.1 });
