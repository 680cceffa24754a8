import { expect, test } from 'vitest';
import { fakeClock } from '../test/fake-clock.ts';
import { internalErrors } from './internal-errors.ts';
import { createLogger } from './logging/pino.ts';
import { createRegistry } from './metrics/text-registry.ts';
import { counter } from './metrics/instruments.ts';
import { memoryLogs } from './testing/logs.ts';

test('each failure is counted, but only one a minute and component is logged', async () => {
  const clock = fakeClock();
  const registry = createRegistry();
  const destination = memoryLogs();
  const { report, logTo } = internalErrors(registry, clock);
  logTo(createLogger({ serviceName: 'x', destination }));
  for (let count = 0; count < 10; count += 1) report('opentelemetry', 'collector is down');
  report('scrape', new Error('hung'), 'queue_depth');
  expect(destination.lines.map((line) => line['component'])).toEqual(['opentelemetry', 'scrape']);
  await clock.advance(60_000);
  report('opentelemetry', 'collector is down');
  expect(destination.lines).toHaveLength(3);
  expect(await registry.metrics()).toContain('telemetry_internal_errors_total{component="opentelemetry"} 11\n');
});

test('a registry has one, whoever asks, and what a stranger registered under its name stays', async () => {
  const registry = createRegistry();
  expect(internalErrors(registry)).toBe(internalErrors(registry));
  const taken = createRegistry();
  counter(taken, { name: 'telemetry_internal_errors_total', help: 'Not ours.' }).inc();
  internalErrors(taken).report('metrics', new Error('x'));
  expect(await taken.metrics()).toContain('telemetry_internal_errors_total 1\n');
});
