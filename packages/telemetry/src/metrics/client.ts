import promClient from 'prom-client';
import type { MetricRegistry } from './registry.ts';

/**
 * A new, empty Prometheus registry (of `prom-client`). Any other registry of the same shape may be used in its place.
 *
 * @example
 * ```ts
 * import { createRegistry, counter } from '@nines/telemetry/metrics';
 * const registry = createRegistry();
 * counter(registry, { name: 'jobs_total', help: 'Jobs seen.' }).inc();
 * console.log(await registry.metrics());
 * ```
 */
export function createRegistry(): MetricRegistry {
  return new promClient.Registry();
}
