import { context, type Context, isSpanContextValid, trace, TraceFlags } from '@opentelemetry/api';
import { epochSeconds } from '../clock.ts';
import type { Exemplar } from './registry.ts';

/** The exemplar of a value measured now in a sampled span; undefined outside of one, because nobody could look its trace up. */
export function exemplarOf(value: number, within: Context = context.active()): Exemplar | undefined {
  const span = trace.getSpanContext(within);
  if (span === undefined || !isSpanContextValid(span) || (span.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return { labelSet: { trace_id: span.traceId, span_id: span.spanId }, value, timestamp: epochSeconds() };
}
