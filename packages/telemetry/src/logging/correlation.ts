import { context, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import { correlationId } from '../context/correlation-id.ts';
import type { LineFormat } from './format.ts';
import type { LogDestination } from './destination.ts';

/**
 * Puts the ids of the active span, and the correlation id where there is one, on each line as it is written, where the caller's context still
 * is. Text put before the last brace costs a fraction of what merging objects would; a field of the same name in the line is overruled,
 * because readers take the last.
 */
export function correlated(destination: LogDestination, format: LineFormat): LogDestination {
  let last: SpanContext | undefined;
  let lastText = '';
  const textOf = (span: SpanContext): string => {
    if (span !== last) {
      last = span;
      lastText = isSpanContextValid(span) ? format.correlation(span.traceId, span.spanId, span.traceFlags) : '';
    }
    return lastText;
  };
  return {
    write(line) {
      const active = context.active();
      const span = trace.getSpanContext(active);
      const id = correlationId(active);
      // A valid id needs no escape.
      const text = (span === undefined ? '' : textOf(span)) + (id === undefined ? '' : `,"correlation_id":"${id}"`);
      destination.write(text === '' ? line : `${line.slice(0, -2)}${text}}\n`);
    },
  };
}
