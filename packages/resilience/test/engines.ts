import { circuitBreaker, fixed, type Policy, retry, type RetryOptions } from '@nines/resilience';
import { opossum, type OpossumOptions } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';

/** A retry and a breaker that keep the same promises. The breaker takes the options of opossum's, which every engine has. */
export interface Engine {
  readonly name: string;
  readonly retryName: string;
  readonly breakerName: string;
  readonly retry: (options?: Omit<RetryOptions, 'budget'>) => Policy;
  readonly breaker: (options?: OpossumOptions) => Policy;
}

function nativeBreaker(options: OpossumOptions = {}): Policy {
  const { windowMs = 10_000, windowBuckets = 10, openMs = 30_000, probes = 1, probeTimeoutMs = 10_000, ...same } = options;
  return circuitBreaker({
    ...same,
    window: { type: 'time', ms: windowMs, buckets: windowBuckets },
    open: fixed(openMs),
    halfOpen: { permits: probes, failureRateThreshold: 1 / probes, probeTimeoutMs },
  });
}

/** The engines on which the suites run. */
export const engines: Readonly<Record<'native' | 'wrapped', Engine>> = {
  native: { name: 'the native engine', retryName: 'retry', breakerName: 'circuit-breaker', retry, breaker: nativeBreaker },
  wrapped: { name: 'p-retry and opossum', retryName: 'p-retry', breakerName: 'opossum', retry: pRetry, breaker: opossum },
};
