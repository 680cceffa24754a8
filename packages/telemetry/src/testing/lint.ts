import type { MetricRegistry } from '../metrics/registry.ts';

/** A name or a text of a metric that goes against Prometheus' naming rules. */
export interface MetricProblem {
  /** The metric. */
  readonly metric: string;
  /** What is wrong and how it is put right. */
  readonly problem: string;
}

interface Described {
  readonly name?: unknown;
  readonly help?: unknown;
  readonly type?: unknown;
}

/** Units that are not base units, with the unit to use. */
const units: readonly (readonly [RegExp, string])[] = [
  [/(^|_)(ms|msec|millis|milliseconds|us|microseconds|ns|nanoseconds|minutes|hours|days)(_|$)/u, 'seconds'],
  [/(^|_)(kb|kib|kilobytes|mb|mib|megabytes|bits)(_|$)/u, 'bytes'],
  [/(^|_)(percent|percentage|pct)(_|$)/u, 'a ratio from 0 to 1'],
];

function problems({ name, help, type }: Described): string[] {
  const metric = String(name);
  const found: string[] = [];
  const suffix = /_(total|count|sum|bucket)$/u.exec(metric)?.[1];
  if (!/^[a-z][a-z0-9_]*$/u.test(metric)) found.push('use lower-case letters, digits and _');
  if (metric.includes('__')) found.push('use a single _ between words');
  if (type === 'counter' && suffix !== 'total') found.push('end the name of a counter in _total');
  if (type !== 'counter' && suffix !== undefined) found.push(`a ${String(type)} must not end in _${suffix}`);
  if (String(type) !== 'unknown' && new RegExp(`(^|_)${String(type)}(_|$)`, 'u').test(metric)) found.push('leave the type out of the name');
  for (const [unit, base] of units) if (unit.test(metric)) found.push(`measure in ${base}`);
  if (typeof help !== 'string' || help.trim() === '') found.push('say in help what it counts');
  return found;
}

/**
 * What the metrics of a registry have against Prometheus' naming rules; an empty list when all is well. For a test of a service.
 *
 * Source: https://prometheus.io/docs/practices/naming/
 *
 * @example
 * ```ts
 * import { counter, createRegistry } from '@nines/telemetry/metrics';
 * import { lintMetrics } from '@nines/telemetry/testing';
 * const registry = createRegistry();
 * counter(registry, { name: 'jobs', help: 'Jobs.' });
 * console.log(lintMetrics(registry)); // [ { metric: 'jobs', problem: 'end the name of a counter in _total' } ]
 * ```
 */
export function lintMetrics(registry: MetricRegistry): readonly MetricProblem[] {
  return registry
    .getMetricsAsArray()
    .flatMap((metric: Described) => problems(metric).map((problem) => ({ metric: String(metric.name), problem })));
}
