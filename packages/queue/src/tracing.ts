import {
  context,
  createContextKey,
  INVALID_TRACEID,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  createTraceState,
  type Attributes,
  type Baggage,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import type { CarriedContext } from './envelope.ts';

/**
 * Calls to Redis run in this context: a call that carries the jobs of many traces belongs to none of them,
 * and polls would fill every trace store. The key is the one that OpenTelemetry SDKs look at.
 */
export const untraced: Context = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);

/** Semantic conventions for messaging; `nines` is a custom value of `messaging.system`. */
const SYSTEM = 'nines';

function attributesOf(queue: string, operation: 'send' | 'process', id: string): Attributes {
  return {
    'messaging.system': SYSTEM,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': queue,
    'messaging.destination.partition.id': '0',
    'messaging.message.id': id,
  };
}

const tracer = (): Tracer => trace.getTracer('@nines/queue');

/** Starts `send <queue>`; its context is what travels with the job. */
export function startSend(queue: string, id: string): Span {
  return tracer().startSpan(`send ${queue}`, { kind: SpanKind.PRODUCER, attributes: attributesOf(queue, 'send', id) });
}

/** Starts `process <queue>` under the span that enqueued the job, linked to the attempt before this one. */
export function startProcess(queue: string, id: string, attempt: number, parent: Context, previous: string | undefined): Span {
  const attributes = { ...attributesOf(queue, 'process', id), 'nines.queue.attempt': attempt };
  const link = previous === undefined ? undefined : linkTo(previous);
  return tracer().startSpan(`process ${queue}`, { kind: SpanKind.CONSUMER, attributes, links: link === undefined ? [] : [link] }, parent);
}

/** Ends a span; an error gives it the status ERROR and `error.type`, never a message that could carry a payload. */
export function endSpan(span: Span, error?: { readonly type: string }): void {
  if (error !== undefined) {
    span.setAttribute('error.type', error.type);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

const NOTHING: CarriedContext = Object.freeze({});

/** Without a tracer provider every span has the context of no trace; to compare is cheaper than to look at every digit. */
function isTraced(spanContext: SpanContext): boolean {
  return spanContext.traceId !== INVALID_TRACEID && trace.isSpanContextValid(spanContext);
}

/** What of the sender's context travels in the envelope. */
export function carry(span: Span): CarriedContext {
  const spanContext = span.spanContext();
  if (!isTraced(spanContext)) return NOTHING;
  const baggage = propagation.getActiveBaggage();
  return {
    trace: encodeTrace(spanContext),
    state: spanContext.traceState?.serialize(),
    baggage: baggage === undefined ? undefined : encodeBaggage(baggage),
  };
}

/** The context that an envelope carried, as parent of what is done with the job. */
export function resume({ trace: bytes, state, baggage }: CarriedContext): Context {
  if (bytes === undefined) return ROOT_CONTEXT;
  const parent = trace.setSpanContext(ROOT_CONTEXT, decodeTrace(bytes, state));
  return baggage === undefined ? parent : propagation.setBaggage(parent, decodeBaggage(baggage));
}

/** Runs work with the span as the active one. */
export function withSpan<T>(parent: Context, span: Span, work: () => T): T {
  return context.with(isTraced(span.spanContext()) ? trace.setSpan(parent, span) : parent, work);
}

/** `traceId-spanId-flags`, to remember an attempt by; undefined when there is nothing to remember. */
export function referenceOf(span: Span): string | undefined {
  const spanContext = span.spanContext();
  return isTraced(spanContext) ? `${spanContext.traceId}-${spanContext.spanId}-${spanContext.traceFlags}` : undefined;
}

function linkTo(reference: string): Link | undefined {
  const [traceId = '', spanId = '', flags] = reference.split('-');
  const spanContext = { traceId, spanId, traceFlags: Number(flags), isRemote: true };
  return trace.isSpanContextValid(spanContext) ? { context: spanContext } : undefined;
}

function encodeTrace({ traceId, spanId, traceFlags }: SpanContext): Buffer {
  const bytes = Buffer.allocUnsafe(25);
  bytes.write(traceId, 0, 'hex');
  bytes.write(spanId, 16, 'hex');
  bytes[24] = traceFlags & 0xff;
  return bytes;
}

function decodeTrace(bytes: Buffer, state: string | undefined): SpanContext {
  return {
    traceId: bytes.toString('hex', 0, 16),
    spanId: bytes.toString('hex', 16, 24),
    traceFlags: bytes[24] ?? TraceFlags.NONE,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  };
}

function encodeBaggage(baggage: Baggage): string | undefined {
  const entries = baggage.getAllEntries();
  return entries.length === 0 ? undefined : JSON.stringify(entries.map(([key, { value }]) => [key, value]));
}

function decodeBaggage(text: string): Baggage {
  const entries = JSON.parse(text) as [string, string][];
  return propagation.createBaggage(Object.fromEntries(entries.map(([key, value]) => [key, { value }])));
}
