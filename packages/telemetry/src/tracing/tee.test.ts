import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runningTelemetry, startTelemetry } from '../start.ts';
import { memoryLogs } from '../testing/logs.ts';
import { type MemorySpans, memorySpans } from '../testing/spans.ts';

const collector = createServer((request, response) => void request.resume().once('end', () => response.end()));
let spans: MemorySpans;

// With an endpoint the SDK builds its own exporter, so the processor of the test hears of spans beside it.
beforeEach(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  spans = memorySpans();
  const options = { serviceName: 'tee', logs: { destination: memoryLogs() }, shutdown: { signals: false } };
  await startTelemetry({ ...options, traces: { spanProcessors: [spans] } });
});

afterEach(async () => {
  await runningTelemetry()?.shutdown();
  vi.unstubAllEnvs();
  await new Promise((resolve) => void collector.close(resolve));
});

test('a processor beside the exporter sees each span once, with its parent, however it was started', () => {
  const tracer = trace.getTracer('test');
  tracer.startActiveSpan('outer', (outer) => {
    expect(trace.getActiveSpan()).toBe(outer);
    tracer.startActiveSpan('with options', { attributes: { a: 1 } }, (span) => span.end());
    tracer.startActiveSpan('in a context', { root: true }, context.active(), (span) => span.end());
    tracer.startSpan('plain').end();
    const twice = tracer.startSpan('twice');
    twice.end();
    twice.end();
    outer.end();
  });
  const outerId = spans.spans.at(-1)?.spanContext().spanId;
  expect(spans.spans.map((span) => [span.name, span.parentSpanContext?.spanId])).toEqual([
    ['with options', outerId],
    ['in a context', undefined],
    ['plain', outerId],
    ['twice', outerId],
    ['outer', undefined],
  ]);
  expect(spans.spans[0]?.attributes).toEqual({ a: 1 });
});

test('startActiveSpan gives back what the function gives back', () => {
  const result = trace.getTracer('test').startActiveSpan('work', (span) => {
    span.end();
    return 42;
  });
  expect(result).toBe(42);
});
