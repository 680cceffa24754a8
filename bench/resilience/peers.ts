import {
  circuitBreaker as theirBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  retry as theirRetry,
  timeout as theirTimeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import CircuitBreaker from 'opossum';
import pRetryCall from 'p-retry';
import { circuitBreaker, pipeline, type Policy, retry, timeout } from '@nines/resilience';
import { instrument, opossum } from '@nines/resilience/opossum';
import { instrument as instrumentRetry, pRetry } from '@nines/resilience/p-retry';
import type { Scenario } from './scenarios.ts';

/*
 * The three engines in the same pipeline, what failures cost, what `instrument` adds, and the peers alone.
 */

const work = async (): Promise<number> => 42;
const ready = (call: () => Promise<unknown>) => (): Promise<() => Promise<unknown>> => Promise.resolve(call);

function through(policies: readonly Policy[]): Scenario['prepare'] {
  const p = pipeline('bench', policies);
  return ready(() => p.execute(work));
}

/** Ninety-nine of a hundred calls fail, with an error made before, so that nothing but the breaker is measured; none of them opens. */
function failing(): () => Promise<number> {
  const error = new Error('down');
  let calls = 0;
  // The first succeeds: a window in which all failed would open at any threshold.
  return () => (calls++ % 100 === 0 ? Promise.resolve(42) : Promise.reject(error));
}

const swallow = (): void => {};

function failuresThrough(policy: Policy): Scenario['prepare'] {
  const p = pipeline('bench', [policy]);
  const run = failing();
  return ready(() => p.executeOutcome(run));
}

function theirWrap(): () => Promise<unknown> {
  const policy = wrap(
    theirRetry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    theirBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
    theirTimeout(800, TimeoutStrategy.Aggressive),
  );
  return () => policy.execute(work);
}

function instrumentedOpossum(): () => Promise<unknown> {
  const breaker = new CircuitBreaker(work);
  instrument(breaker, { observer: {} });
  return () => breaker.fire();
}

function instrumentedRetry(): () => Promise<unknown> {
  const call = instrumentRetry(pRetryCall, { name: 'bench', observer: {} });
  return () => call(work, { retries: 2 });
}

function failuresOfOpossum(percentiles: boolean): () => Promise<unknown> {
  const breaker = new CircuitBreaker(failing(), { errorThresholdPercentage: 100, rollingPercentilesEnabled: percentiles });
  return () => breaker.fire().catch(swallow);
}

function failuresOfCockatiel(): () => Promise<unknown> {
  const policy = theirBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(1_000) });
  const run = failing();
  return () => policy.execute(run).catch(swallow);
}

function cockatielBreaker(): () => Promise<unknown> {
  const policy = theirBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
  return () => policy.execute(work);
}

export const peerScenarios: readonly Scenario[] = [
  { name: 'retry, circuitBreaker, timeout', of: 'nines', prepare: through([retry(), circuitBreaker(), timeout({ attemptMs: 800 })]) },
  { name: 'retry, opossum, timeout', of: 'nines', prepare: through([retry(), opossum(), timeout({ attemptMs: 800 })]) },
  { name: 'pRetry, circuitBreaker, timeout', of: 'nines', prepare: through([pRetry(), circuitBreaker(), timeout({ attemptMs: 800 })]) },
  { name: 'pRetry, opossum, timeout', of: 'nines', prepare: through([pRetry(), opossum(), timeout({ attemptMs: 800 })]) },
  { name: 'cockatiel circuitBreaker', of: 'peer', prepare: ready(cockatielBreaker()) },
  { name: 'cockatiel wrap(retry, circuitBreaker, timeout)', of: 'peer', prepare: ready(theirWrap()) },
  { name: 'opossum alone, instrumented', of: 'nines', prepare: ready(instrumentedOpossum()) },
  { name: 'p-retry alone, instrumented', of: 'nines', prepare: ready(instrumentedRetry()) },
  { name: 'a failure: circuitBreaker', of: 'nines', prepare: failuresThrough(circuitBreaker({ failureRateThreshold: 1 })) },
  { name: 'a failure: opossum policy', of: 'nines', prepare: failuresThrough(opossum({ failureRateThreshold: 1 })) },
  // opossum sorts every latency of ten seconds at each failure: the more calls, the more each costs.
  { name: 'a failure: opossum alone, 5,000 calls', of: 'peer', calls: 5_000, prepare: ready(failuresOfOpossum(true)) },
  { name: 'a failure: opossum alone, no percentiles', of: 'peer', calls: 100_000, prepare: ready(failuresOfOpossum(false)) },
  { name: 'a failure: cockatiel circuitBreaker', of: 'peer', prepare: ready(failuresOfCockatiel()) },
];
