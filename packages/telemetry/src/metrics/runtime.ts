import { loopUtilization, processStartSeconds, watchGarbageCollection, watchLoopLag } from '../clock.ts';
import { counter, histogram } from './instruments.ts';
import type { MetricRegistry, MetricSample } from './registry.ts';

type Read = () => readonly MetricSample[];

function observed(registry: MetricRegistry, name: string, type: 'gauge' | 'counter', help: string, values: Read): void {
  const shape = { name, help, type, aggregator: 'sum' };
  registry.registerMetric({ ...shape, get: () => ({ ...shape, values: values() }), reset: () => undefined });
}

const lagBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const single = (value: number): readonly MetricSample[] => [{ value, labels: {} }];

/**
 * Registers the basics of the process and of the Node.js runtime: CPU seconds, resident memory, start time, heap,
 * event-loop lag (a histogram that no scrape resets, so that no block is missed) and utilization (0 to 1, since the last scrape),
 * garbage collection and the Node.js version.
 * Calling it twice on one registry registers nothing more.
 *
 * @returns a function that stops watching the event loop and garbage collection.
 * @example
 * ```ts
 * import { createRegistry, runtimeMetrics } from '@nines/telemetry/metrics';
 * const registry = createRegistry();
 * const stop = runtimeMetrics(registry);
 * console.log((await registry.metrics()).includes('process_resident_memory_bytes')); // true
 * stop();
 * ```
 */
export function runtimeMetrics(registry: MetricRegistry): () => void {
  if (registry.getSingleMetric('process_cpu_seconds_total') !== undefined) return () => undefined;
  observed(registry, 'process_cpu_seconds_total', 'counter', 'User and system CPU time spent.', () => {
    const { user, system } = process.cpuUsage();
    return single((user + system) / 1e6);
  });
  observed(registry, 'process_resident_memory_bytes', 'gauge', 'Resident memory.', () => single(process.memoryUsage.rss()));
  observed(registry, 'process_start_time_seconds', 'gauge', 'Start time since the epoch.', () => single(processStartSeconds()));
  observed(registry, 'nodejs_heap_bytes', 'gauge', 'Heap of V8 by state.', () => {
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    return [
      { labels: { state: 'used' }, value: heapUsed },
      { labels: { state: 'total' }, value: heapTotal },
      { labels: { state: 'external' }, value: external },
    ];
  });
  const utilization = loopUtilization();
  observed(registry, 'nodejs_eventloop_utilization_ratio', 'gauge', 'Busy share of the event loop since the last scrape.', () =>
    single(utilization()),
  );
  const lag = histogram(registry, {
    name: 'nodejs_eventloop_lag_seconds',
    help: 'How late the event loop ran a timer, a hundred times a second.',
    buckets: lagBuckets,
  }).bind({});
  const stopLag = watchLoopLag((seconds) => lag.observe(seconds));
  const version = process.versions.node;
  observed(registry, 'nodejs_version_info', 'gauge', 'Version of Node.js.', () => [{ labels: { version }, value: 1 }]);
  const pauses = counter(registry, { name: 'nodejs_gc_duration_seconds_total', help: 'Time spent in garbage collection.' });
  const runs = counter(registry, { name: 'nodejs_gc_runs_total', help: 'Garbage collections.' });
  const stopGarbage = watchGarbageCollection((seconds) => {
    pauses.inc({}, seconds);
    runs.inc();
  });
  return () => {
    stopLag();
    stopGarbage();
  };
}
