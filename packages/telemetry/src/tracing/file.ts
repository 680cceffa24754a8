import { appendFileSync } from 'node:fs';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { refuseUnknown, text } from '../options.ts';
import type { FinishedSpan, SpanProcessor } from './span.ts';

const milliseconds = ([seconds, nanoseconds]: readonly [number, number]): number => seconds * 1000 + nanoseconds / 1e6;

/** Options of {@link fileSpans}. */
export interface FileSpansOptions {
  /** Name of the service on each line. Default `service.name` of the span's resource. */
  readonly serviceName?: string;
  /** Told when a line could not be written. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

/** One finished span as one JSON object, the line format of {@link fileSpans}. */
export function spanLine(span: FinishedSpan, service?: string): string {
  const { traceId, spanId } = span.spanContext();
  return `${JSON.stringify({
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: SpanKind[span.kind].toLowerCase(),
    // The SDK complains when resource attributes are read before its asynchronous detectors are done, so the name is handed in where it is known.
    service: service ?? span.resource.attributes['service.name'],
    startMs: milliseconds(span.startTime),
    durationMs: milliseconds(span.duration),
    status: SpanStatusCode[span.status.code].toLowerCase(),
    attributes: span.attributes,
    links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })),
  })}\n`;
}

/**
 * The development exporter: appends each sampled span, as it ends, to a file as one JSON line with
 * `traceId`, `spanId`, `parentSpanId`, `name`, `kind`, `service`, `startMs`, `durationMs`, `status`, `attributes` and `links`.
 * It writes synchronously in one append, so several processes may share the file and nothing is lost at exit.
 * Too slow for production: there, set `OTEL_EXPORTER_OTLP_ENDPOINT`.
 *
 * @throws TelemetryError `INVALID_OPTION`.
 * @example
 * ```ts
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fileSpans, startTelemetry } from '@nines/telemetry';
 * const file = join(tmpdir(), `spans-${process.pid}.jsonl`);
 * const telemetry = await startTelemetry({ serviceName: 'api', traces: { spanProcessors: [fileSpans(file)] } });
 * await telemetry.shutdown();
 * ```
 */
export function fileSpans(file: string, options: FileSpansOptions = {}): SpanProcessor {
  refuseUnknown('fileSpans', options, ['serviceName', 'onError']);
  text('file', file, 4096);
  return {
    onStart: () => undefined,
    onEnd(span) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      try {
        appendFileSync(file, spanLine(span, options.serviceName));
      } catch (error) {
        options.onError?.(error);
      }
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
