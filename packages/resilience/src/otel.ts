import { context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import {
  type AttemptEvent,
  type AttemptInfo,
  isResilienceError,
  objectOption,
  type Observer,
  optional,
  type PipelineEvent,
  resolveOptions,
} from '@nines/resilience';

export { activeCriticality, CRITICALITY_BAGGAGE, withCriticality } from './baggage.ts';

/** Options of {@link tracing}. */
export interface TracingOptions {
  /** Who makes the spans. Default: the tracer `@nines/resilience` of the global provider. */
  readonly tracer?: Tracer;
}

/** What went wrong, without its message: a message may carry data of the call. */
function errorType(error: unknown): string {
  if (isResilienceError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}

function end(span: Span, event: AttemptEvent): void {
  span.setAttribute('resilience.outcome', event.kind);
  if (event.kind !== 'success' && event.kind !== 'ignored') {
    span.setAttribute('error.type', event.error === undefined ? event.kind : errorType(event.error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** Rejections, waits and changes of state have no span of their own: they are marked on the span around the call. */
function mark(event: PipelineEvent): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  if (event.type === 'rejection') {
    span.addEvent('resilience.rejected', {
      'resilience.pipeline': event.pipeline,
      'resilience.policy': event.policy,
      'resilience.reason': event.reason,
    });
  } else if (event.type === 'retry') {
    span.addEvent('resilience.retry', {
      'resilience.pipeline': event.pipeline,
      'resilience.attempt': event.attempt,
      'resilience.delay_ms': event.delayMs,
    });
  } else if (event.type === 'transition') {
    span.addEvent('resilience.transition', {
      'resilience.pipeline': event.pipeline,
      'resilience.from': event.from,
      'resilience.to': event.to,
    });
  }
}

/**
 * One span for each attempt, named `{pipeline} attempt`, active while the function runs, so that what the function does
 * nests under it. Attributes: `resilience.pipeline`, `resilience.attempt` (1 is the first), `resilience.attempt.kind`
 * (`first`, `retry`, `hedge`), `resilience.outcome`, and `error.type` with status ERROR when the attempt did not succeed. A refused
 * call, a wait before a retry and a breaker's change of state are events on the span that is active around the call:
 * `resilience.rejected`, `resilience.retry`, `resilience.transition`.
 *
 * No keys, values or messages are recorded. Needs `@opentelemetry/api`, an optional peer.
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { tracing } from '@nines/resilience/otel';
 *
 * const inventory = pipeline('inventory', [], { observer: tracing() });
 * console.log(await inventory.execute(() => 42)); // 42
 * ```
 */
export function tracing(options?: TracingOptions): Observer {
  const { tracer: given } = resolveOptions<TracingOptions>('tracing', options, {}, { tracer: optional(objectOption()) });
  const spans = new WeakMap<AttemptInfo, Span>();
  return {
    attempt(info, run) {
      const tracer = given ?? trace.getTracer('@nines/resilience');
      const span = tracer.startSpan(`${info.pipeline} attempt`, {
        kind: SpanKind.INTERNAL,
        attributes: {
          'resilience.pipeline': info.pipeline,
          'resilience.attempt': info.attempt,
          'resilience.attempt.kind': info.kind,
        },
      });
      spans.set(info, span);
      return context.with(trace.setSpan(context.active(), span), run);
    },
    event(event) {
      if (event.type !== 'attempt') {
        mark(event);
        return;
      }
      const span = spans.get(event.info);
      if (span !== undefined) end(span, event);
    },
  };
}
