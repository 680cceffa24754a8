import {
  type Context,
  context,
  ProxyTracerProvider,
  type Span,
  type SpanOptions,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { FinishedSpan, SpanProcessor } from './span.ts';

/** Lets `processors` see a recording span's end, then the span goes its normal way. */
function watch(span: Span, parent: Context, processors: readonly SpanProcessor[]): Span {
  if (!span.isRecording()) return span;
  for (const processor of processors) processor.onStart(span, parent);
  const end = span.end.bind(span);
  span.end = (time) => {
    const open = span.isRecording();
    end(time);
    if (open) for (const processor of processors) processor.onEnd(span as unknown as FinishedSpan);
  };
  return span;
}

function teeTracer(tracer: Tracer, processors: readonly SpanProcessor[]): Tracer {
  const startSpan = (name: string, options: SpanOptions = {}, parent: Context = context.active()): Span =>
    watch(tracer.startSpan(name, options, parent), options.root === true ? trace.deleteSpan(parent) : parent, processors);
  function startActiveSpan(name: string, ...rest: unknown[]): unknown {
    const fn = rest.pop() as (span: Span) => unknown;
    const [options, parent = context.active()] = rest as [SpanOptions?, Context?];
    const span = startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), fn, undefined, span);
  }
  return { startSpan, startActiveSpan };
}

/**
 * Adds processors to the running provider. The SDK takes either its own exporters, built from the environment, or a list of processors, never both;
 * so the extra ones listen at the spans themselves.
 */
export function teeSpans(processors: readonly SpanProcessor[]): void {
  const proxy = trace.getTracerProvider();
  if (!(proxy instanceof ProxyTracerProvider)) return;
  const provider: TracerProvider = proxy.getDelegate();
  proxy.setDelegate({ getTracer: (...args) => teeTracer(provider.getTracer(...args), processors) });
}
