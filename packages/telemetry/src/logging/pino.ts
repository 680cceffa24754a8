import { isSpanContextValid, trace } from '@opentelemetry/api';
import { destination, pino, stdTimeFunctions } from 'pino';
import { oneOf, refuseUnknown, text } from '../options.ts';
import { type Logger, type LoggerOptions, logLevels } from './logger.ts';
import { redactionPaths } from './redaction.ts';

/** The ids of the active span under the names that log back ends know. */
function correlation(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId, trace_flags: span.traceFlags.toString(16).padStart(2, '0') };
}

/**
 * A logger that writes one JSON object a line: `level`, `time` (ISO 8601), `service`, the fields, `msg`, and inside a span
 * `trace_id`, `span_id` and `trace_flags`. Lines are written synchronously, so a crash loses none.
 *
 * @throws TelemetryError `INVALID_OPTION` when an option is unknown or out of range.
 * @example
 * ```ts
 * import { createLogger } from '@nines/telemetry/logging';
 * const logger = createLogger({ serviceName: 'api', level: 'debug' });
 * logger.info({ jobId: 'j1', token: 'never shown' }, 'accepted');
 * ```
 */
export function createLogger(options: LoggerOptions): Logger {
  refuseUnknown('logger', options, ['serviceName', 'level', 'redact', 'destination']);
  const stream = options.destination ?? destination({ fd: 1, sync: true });
  return pino(
    {
      base: { service: text('serviceName', options.serviceName) },
      level: oneOf('level', options.level, 'info', logLevels),
      redact: { paths: redactionPaths(options.redact), censor: '[redacted]' },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: correlation,
    },
    stream,
  );
}
