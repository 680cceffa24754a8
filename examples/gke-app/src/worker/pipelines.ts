import { deadline, exponential, http, pipeline, timeout, type Pipeline } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { prometheus, type MetricRegistry } from '@nines/resilience/prometheus';
import type { WorkerConfig } from '../config.ts';
import type { Destinations } from '../destinations.ts';

/**
 * One pipeline for each destination, so that a broken one does not slow the others. Retries here only bridge a hiccup;
 * longer waits belong to the queue, where they hold no slot and survive a crash.
 */
export function createPipelines(
  destinations: Destinations,
  delivery: WorkerConfig['delivery'],
  registry: MetricRegistry,
): ReadonlyMap<string, Pipeline> {
  const { timeoutMs, breakerMinimumCalls, breakerOpenMs } = delivery;
  const metrics = prometheus(registry);
  const policies = () => [
    deadline({ totalMs: 3 * timeoutMs }),
    pRetry({ maxAttempts: 2, backoff: exponential({ baseMs: 100, maxMs: 500, jitter: 'equal' }), retryAfter: { maxMs: 0 } }),
    opossum({ minimumCalls: breakerMinimumCalls, openMs: breakerOpenMs }),
    timeout({ attemptMs: timeoutMs }),
  ];
  return new Map([...destinations.keys()].map((name) => [name, pipeline(name, policies(), { classify: http(), metrics })]));
}
