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

/** Where Redis is, as spans tell it. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** Where jobs go, as spans tell it; `server` is undefined where there is no single one, such as in a Cluster. */
export interface Destination {
  readonly queue: string;
  readonly partition: number;
  readonly server: ServerAddress | undefined;
}

function attributesOf({ queue, partition, server }: Destination, name: string, type: string): Attributes {
  const attributes: Attributes = {
    'messaging.system': SYSTEM,
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    'messaging.destination.name': queue,
    'messaging.destination.partition.id': String(partition),
  };
  if (server !== undefined) {
    attributes['server.address'] = server.address;
    attributes['server.port'] = server.port;
  }
  return attributes;
}

const tracer = (): Tracer => trace.getTracer('@nines/queue');

/** Starts `send <queue>`; its context is what travels with the job. */
export function startSend(destination: Destination, id: string): Span {
  const attributes = attributesOf(destination, 'send', 'send');
  attributes['messaging.message.id'] = id;
  return tracer().startSpan(`send ${destination.queue}`, { kind: SpanKind.PRODUCER, attributes });
}

/** One attempt, as its span tells it. */
export interface ProcessSpan {
  readonly id: string;
  readonly attempt: number;
  /** Names the span of the attempt before this one. */
  readonly previous: string | undefined;
  /** The span that enqueued the job, where this one does not continue its trace. */
  readonly creation: CarriedContext | undefined;
}

/** Starts `process <queue>` under the span that enqueued the job, or linked to it; linked also to the attempt before this one. */
export function startProcess(destination: Destination, { id, attempt, previous, creation }: ProcessSpan, parent: Context): Span {
  const attributes = attributesOf(destination, 'process', 'process');
  attributes['messaging.message.id'] = id;
  attributes['nines.queue.attempt'] = attempt;
  const links: Link[] = [];
  if (creation?.trace !== undefined) links.push({ context: decodeTrace(creation.trace, creation.state) });
  const link = previous === undefined ? undefined : linkTo(previous);
  if (link !== undefined) links.push(link);
  return tracer().startSpan(`process ${destination.queue}`, { kind: SpanKind.CONSUMER, attributes, links }, parent);
}

/** Starts `process <queue>` of a batch: a trace of its own, with a link to what enqueued each job, at most 128. */
export function startBatch(destination: Destination, jobs: readonly { readonly id: string; readonly creation: CarriedContext }[]): Span {
  const attributes = attributesOf(destination, 'process', 'process');
  attributes['messaging.batch.message_count'] = jobs.length;
  const links = jobs.slice(0, LINKS_MAX).flatMap(({ id, creation: { trace: bytes, state } }): Link[] => {
    return bytes === undefined ? [] : [{ context: decodeTrace(bytes, state), attributes: { 'messaging.message.id': id } }];
  });
  const options = { kind: SpanKind.CONSUMER, attributes, links, root: true };
  return tracer().startSpan(`process ${destination.queue}`, options, ROOT_CONTEXT);
}

/** One call to Redis that received or settled jobs. */
export interface CallSpan {
  readonly operation: 'receive' | 'settle';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly jobs: number;
  /** What the jobs' envelopes carried; at most 128 become links. */
  readonly creations: readonly (CarriedContext | undefined)[];
  readonly errorType: string | undefined;
}

const LINKS_MAX = 128;

/** Records `receive <queue>` or `settle <queue>` after the call, for its links are not known before; a trace of its own. */
export function recordCall(destination: Destination, { operation, startedAtMs, endedAtMs, jobs, creations, errorType }: CallSpan): void {
  const attributes = attributesOf(destination, operation, operation);
  attributes['messaging.batch.message_count'] = jobs;
  const links = creations.slice(0, LINKS_MAX).flatMap((creation): Link[] => {
    return creation?.trace === undefined ? [] : [{ context: decodeTrace(creation.trace, creation.state) }];
  });
  const options = { kind: SpanKind.CLIENT, attributes, links, startTime: startedAtMs, root: true };
  const span = tracer().startSpan(`${operation} ${destination.queue}`, options, ROOT_CONTEXT);
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(endedAtMs);
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

/** Without a tracer provider every span has the context of no trace. What a provider made is not checked digit by digit again. */
function isTraced(spanContext: SpanContext): boolean {
  return spanContext.traceId !== INVALID_TRACEID;
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

/** The context that an envelope carried, as parent of what is done with the job; with `anew` only its baggage, so that a new trace begins. */
export function resume({ trace: bytes, state, baggage }: CarriedContext, anew: boolean): Context {
  if (bytes === undefined) return ROOT_CONTEXT;
  const parent = anew ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, decodeTrace(bytes, state));
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
