import { expect, test } from 'vitest';
import { createRegistry } from './client.ts';
import { runtimeMetrics } from './runtime.ts';

test('the basics of process and runtime are there once, with sane values', async () => {
  const registry = createRegistry();
  const stops = [runtimeMetrics(registry), runtimeMetrics(registry)];
  const text = await registry.metrics();
  for (const stop of stops) stop();
  const value = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('nodejs_heap_bytes{state="used"}')).toBeGreaterThan(1e5);
  expect(value('nodejs_eventloop_utilization_ratio')).toBeGreaterThanOrEqual(0);
  expect(value('nodejs_eventloop_utilization_ratio')).toBeLessThanOrEqual(1);
  expect(value(`nodejs_version_info{version="${process.versions.node}"}`)).toBe(1);
  expect(Math.abs(value('process_start_time_seconds') - Date.now() / 1000)).toBeLessThan(86_400);
});
