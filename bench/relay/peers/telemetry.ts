import { createServer } from 'node:http';
import { trace } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BullMQOtel } from 'bullmq-otel';
import { pino, type Logger } from 'pino';
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';
import type { Telemetry } from 'bullmq';

/*
 * The usual set-up: the SDK with the instrumentations of what is used, pino with the trace's ids, prom-client behind an HTTP
 * server. Imported before everything else, so that the instrumentations see what is loaded.
 */
const enabled = process.env['OTEL_SDK_DISABLED'] !== 'true';
const sdk = new NodeSDK({
  serviceName: 'relay',
  instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
  metricReaders: [],
});
if (enabled) sdk.start();

export const queueTelemetry: { telemetry?: Telemetry } = enabled ? { telemetry: new BullMQOtel({ tracerName: 'relay' }) as Telemetry } : {};

export const logger: Logger = pino({
  mixin() {
    const span = trace.getActiveSpan()?.spanContext();
    return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
  },
});

collectDefaultMetrics();
const labelNames = ['method', 'route', 'status'] as const;
export const requests: Histogram<'method' | 'route' | 'status'> = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time of an answer.',
  labelNames,
});
export const jobs: Counter<'outcome'> = new Counter({
  name: 'jobs_total',
  help: 'Jobs by what became of them.',
  labelNames: ['outcome'] as const,
});

const probes = createServer((_request, response) => {
  void register.metrics().then((text) => response.setHeader('Content-Type', register.contentType).end(text));
});
probes.listen(Number(process.env['PROBES_PORT'] ?? 0), '127.0.0.1');

/** Closes what is given, then the rest, on SIGTERM. */
export function closeAtEnd(close: () => Promise<unknown>): void {
  process.once('SIGTERM', () => {
    void close()
      .then(() => (enabled ? sdk.shutdown() : undefined))
      .finally(() => process.exit());
  });
}
