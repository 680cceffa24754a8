import { expect, onTestFinished, test } from 'vitest';
import { createRegistry } from './text-registry.ts';
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

test('a block of the event loop is seen, right after a scrape too', async () => {
  const registry = createRegistry();
  const stop = runtimeMetrics(registry);
  onTestFinished(stop);
  const over = async (bound: string): Promise<number> => {
    const text = await registry.metrics();
    const value = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    return value('nodejs_eventloop_lag_seconds_count') - value(`nodejs_eventloop_lag_seconds_bucket{le="${bound}"}`);
  };
  // A scrape resets nothing, so the block after it is seen.
  const before = await over('0.1');
  const until = performance.now() + 200;
  while (performance.now() < until);
  await expect.poll(() => over('0.1')).toBeGreaterThan(before);
});
