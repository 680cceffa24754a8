import { bulkhead, deadline, exponential, http, pipeline, retryBudget, timeout, type Pipeline, type RetryBudget } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { prometheus, type MetricRegistry } from '@nines/resilience/prometheus';
import { adaptiveThrottle } from '@nines/resilience/throttle';
import type { WorkerConfig } from '../config.ts';
import type { Destinations } from '../destinations.ts';

/**
 * One pipeline for each destination, so that a broken one does not slow the others. Retries here only bridge a hiccup, one a
 * second in the long run; longer waits belong to the queue, where they hold no slot and survive a crash.
 */
export function createPipelines(
  destinations: Destinations,
  { timeoutMs, maxConcurrent, breakerMinimumCalls, breakerOpenMs }: WorkerConfig['delivery'],
  registry: MetricRegistry,
): ReadonlyMap<string, Pipeline> {
  const metrics = prometheus(registry);
  const policies = (budget: RetryBudget) => [
    deadline({ totalMs: 3 * timeoutMs }),
    // A short memory: a destination that has healed gets twice as much each half second, until it gets all.
    adaptiveThrottle({ windowMs: 1000 }),
    bulkhead({ maxConcurrent }),
    pRetry({
      maxAttempts: 2,
      backoff: exponential({ baseMs: 100, maxMs: 500, jitter: 'equal' }),
      retryAfter: { maxMs: 0 },
      allow: () => budget.take(performance.now()),
    }),
    opossum({ minimumCalls: breakerMinimumCalls, openMs: breakerOpenMs }),
    timeout({ attemptMs: timeoutMs }),
  ];
  return new Map(
    [...destinations.keys()].map((name) => [
      name,
      pipeline(name, policies(retryBudget({ minPerSecond: 1 })), { classify: http(), metrics }),
    ]),
  );
}
