import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRegistry } from '../metrics/text-registry.ts';
import { counter } from '../metrics/instruments.ts';
import { runningTelemetry, startTelemetry } from '../start.ts';
import { memoryLogs } from './logs.ts';
import { telemetryMatchers, type TelemetryMatchers } from './matchers.ts';
import { type MemorySpans, memorySpans } from './spans.ts';

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends TelemetryMatchers<R> {
    /** Only to use the second parameter, which vitest's own declaration has. */
    readonly received?: T;
  }
}

let spans: MemorySpans;
expect.extend(telemetryMatchers);

beforeEach(async () => {
  spans = memorySpans();
  const quiet = { logs: { destination: memoryLogs() }, shutdown: { signals: false } };
  await startTelemetry({ serviceName: 'api', ...quiet, traces: { spanProcessors: [spans] } });
  trace.getTracer('test').startActiveSpan('outer', (outer) => {
    trace.getTracer('test').startActiveSpan('inner', { attributes: { 'order.id': 7 } }, (inner) => {
      inner.setStatus({ code: 2 });
      inner.end();
    });
    outer.end();
  });
});
afterEach(() => runningTelemetry()?.shutdown());

test('a span is found by name, kind, attributes, parent and failure', () => {
  const outer = spans.spans[1];
  if (outer === undefined) throw new Error('no span');
  expect(spans.spans).toHaveSpan({ name: 'inner', kind: 'internal', attributes: { 'order.id': 7 }, parent: outer, failed: true });
  for (const wrong of [
    { name: 'x' },
    { kind: 'server' },
    { attributes: { 'order.id': '7' } },
    { name: 'outer', failed: true },
    { name: 'outer', parent: outer },
  ]) {
    expect(spans.spans).not.toHaveSpan(wrong);
  }
  expect(() => expect(spans.spans).toHaveSpan({ name: 'x' })).toThrow(
    'expected a span {"name":"x"}; there are 2:\n  internal inner {"order.id":7}',
  );
});

test('a metric is found by labels and value, and several series add up', async () => {
  const registry = createRegistry();
  const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue', 'outcome'] });
  jobs.inc({ queue: 'mail', outcome: 'ok' }, 2);
  jobs.inc({ queue: 'mail', outcome: 'error' }, 3);
  await expect(registry).toHaveMetric('jobs_total', { queue: 'mail' }, 5);
  await expect(await registry.metrics()).toHaveMetric('jobs_total', { outcome: 'ok' }, 2);
  await expect(registry).not.toHaveMetric('jobs_total', { queue: 'post' });
  await expect(registry).not.toHaveMetric('jobs');
  await expect(expect(registry).toHaveMetric('jobs_total', { outcome: 'ok' }, 3)).rejects.toThrow(
    'expected jobs_total{"outcome":"ok"} at 3, found 2',
  );
});

test('a leak is found in spans, lines and texts', () => {
  expect([...spans.spans, { msg: 'ok' }, 'text']).toHaveNoPayloadLeak('canary-7f3a');
  trace.getTracer('test').startSpan('CANARY-7F3A').end();
  expect(spans.spans).not.toHaveNoPayloadLeak('canary-7f3a');
  expect([{ msg: 'canary-7f3a' }]).not.toHaveNoPayloadLeak('canary-7f3a');
  expect(() => expect([]).toHaveNoPayloadLeak('')).toThrow('canary must be a string of at least 8 characters, got ""');
});
