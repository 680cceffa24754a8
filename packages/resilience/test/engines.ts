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

const native = { retryName: 'retry', retry, breakerName: 'circuit-breaker', breaker: nativeBreaker } as const;
const wrapped = { retryName: 'p-retry', retry: pRetry, breakerName: 'opossum', breaker: opossum } as const;

/** The engines on which the suites run: each library alone in a pipeline whose rest is native, and both together. */
export const engines: Readonly<Record<'native' | 'opossum' | 'pRetry' | 'both', Engine>> = {
  native: { name: 'the native engine', ...native },
  opossum: { name: 'opossum and the native retry', ...native, breakerName: wrapped.breakerName, breaker: wrapped.breaker },
  pRetry: { name: 'p-retry and the native breaker', ...native, retryName: wrapped.retryName, retry: wrapped.retry },
  both: { name: 'p-retry and opossum', ...wrapped },
};
