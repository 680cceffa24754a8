import { expect, test } from 'vitest';
import { createRegistry } from '../metrics/text-registry.ts';
import { httpServerMetrics } from '../metrics/http-server.ts';
import { counter, gauge, histogram } from '../metrics/instruments.ts';
import { internalErrors } from '../internal-errors.ts';
import { runtimeMetrics } from '../metrics/runtime.ts';
import { lintMetrics } from './lint.ts';

test('what goes against the naming rules is named, one line each', () => {
  const registry = createRegistry();
  counter(registry, { name: 'jobs', help: 'Jobs.' });
  gauge(registry, { name: 'jobs_waiting_total', help: 'Jobs.' });
  histogram(registry, { name: 'job_duration_ms', help: ' ' });
  gauge(registry, { name: 'CpuPercent', help: 'CPU.' });
  gauge(registry, { name: 'cpu_percent', help: 'CPU.' });
  gauge(registry, { name: 'open_gauge', help: 'Open.' });
  expect(lintMetrics(registry).map(({ metric, problem }) => `${metric}: ${problem}`)).toEqual([
    'jobs: end the name of a counter in _total',
    'jobs_waiting_total: a gauge must not end in _total',
    'job_duration_ms: measure in seconds',
    'job_duration_ms: say in help what it counts',
    'CpuPercent: use lower-case letters, digits and _',
    'cpu_percent: measure in a ratio from 0 to 1',
    'open_gauge: leave the type out of the name',
  ]);
});

test('our own metrics keep the rules', () => {
  const registry = createRegistry();
  runtimeMetrics(registry)();
  httpServerMetrics(registry);
  internalErrors(registry);
  expect(lintMetrics(registry)).toEqual([]);
});
