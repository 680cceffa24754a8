import { trace } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { runningTelemetry, startTelemetry } from '../start.ts';
import { memoryLogs } from '../testing/logs.ts';
import { memorySpans } from '../testing/spans.ts';
import { setHttpRoute } from './route.ts';

afterEach(async () => {
  await runningTelemetry()?.shutdown();
});

test('outside of a request, or without a route, it changes nothing', () => {
  expect(() => setHttpRoute('/x', 'GET')).not.toThrow();
});

test('it names the active span when no request instrumentation is there', async () => {
  const spans = memorySpans();
  const options = { serviceName: 'route', logs: { destination: memoryLogs() }, shutdown: { signals: false } };
  await startTelemetry({ ...options, traces: { spanProcessors: [spans] } });
  trace.getTracer('test').startActiveSpan('GET', (span) => {
    setHttpRoute('/jobs/:id', 'GET');
    setHttpRoute(undefined, 'POST');
    span.end();
  });
  expect(spans.spans[0]).toMatchObject({ name: 'GET /jobs/:id', attributes: { 'http.route': '/jobs/:id' } });
});
