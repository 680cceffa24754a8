import { expect, test } from 'vitest';
import { fakeClock } from '../test/fake-clock.ts';
import { createInternalErrors } from './internal-errors.ts';
import { createLogger } from './logging/pino.ts';
import { createRegistry } from './metrics/client.ts';
import { memoryLogs } from './testing/logs.ts';

test('each failure is counted, but only one a minute and component is logged', async () => {
  const clock = fakeClock();
  const registry = createRegistry();
  const destination = memoryLogs();
  const report = createInternalErrors(createLogger({ serviceName: 'x', destination }), registry, clock);
  for (let count = 0; count < 10; count += 1) report('opentelemetry', 'collector is down');
  report('scrape', new Error('hung'), 'queue_depth');
  expect(destination.lines.map((line) => line['component'])).toEqual(['opentelemetry', 'scrape']);
  await clock.advance(60_000);
  report('opentelemetry', 'collector is down');
  expect(destination.lines).toHaveLength(3);
  expect(await registry.metrics()).toContain('telemetry_internal_errors_total{component="opentelemetry"} 11\n');
});
