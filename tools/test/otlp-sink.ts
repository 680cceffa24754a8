import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import definitions from 'otlp-definitions/build/src/generated/root.js';
import { onTestFinished } from 'vitest';

/** A span as it came over the wire, with ids in hex and the resource of the process that sent it. */
export interface WireSpan {
  readonly resource: Readonly<Record<string, WireValue>>;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the first span of a trace. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** 2 is an error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, WireValue>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Text, number or truth; undefined for what is none of these. */
export type WireValue = string | number | boolean | undefined;

/** An OTLP/HTTP endpoint that keeps what it was sent. */
export interface OtlpSink {
  readonly url: string;
  readonly spans: WireSpan[];
  /** The bodies as they came, unpacked. */
  readonly bodies: Buffer[];
  readonly contentTypes: Set<string | undefined>;
}

/** Listens on loopback until the test ends. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: WireSpan[] = [];
  const bodies: Buffer[] = [];
  const contentTypes = new Set<string | undefined>();
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const type = request.headers['content-type'];
    const sent = await buffer(request);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    contentTypes.add(type);
    bodies.push(body);
    spans.push(...readSpans(decode(type, body)));
    response.setHeader('content-type', type ?? '').end(type === 'application/json' ? '{}' : '');
  };
  const server = createServer((request, response) => void receive(request, response));
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, bodies, contentTypes };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Sent[] }[];
  }[];
}

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number };
  readonly attributes?: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

/** The compiled definitions; their package types them as nothing. */
interface Definitions {
  readonly opentelemetry: {
    readonly proto: { readonly collector: { readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: Message } } } };
  };
}

interface Message {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: { readonly bytes: typeof String; readonly longs: typeof String }): unknown;
}

const { ExportTraceServiceRequest: request } = (definitions as unknown as Definitions).opentelemetry.proto.collector.trace.v1;

/** Reads protobuf with the published definitions; its ids become hex, as JSON over OTLP has them. */
function decode(contentType: string | undefined, body: Buffer): Export {
  if (contentType !== 'application/x-protobuf') return JSON.parse(body.toString()) as Export;
  const message = request.toObject(request.decode(body), { bytes: String, longs: String });
  const hex = (key: string, value: unknown) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value as string, 'base64').toString('hex') : value;
  return JSON.parse(JSON.stringify(message), hex) as Export;
}

function readSpans({ resourceSpans }: Export): WireSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const from = valuesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => readSpan(from, span)));
  });
}

function readSpan(resource: WireSpan['resource'], span: Sent): WireSpan {
  const { traceId, spanId, parentSpanId, name, kind, status, attributes = [], links = [] } = span;
  return {
    resource,
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    name,
    kind,
    status: status?.code ?? 0,
    attributes: valuesOf(attributes),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
  };
}

function valuesOf(attributes: readonly Attribute[]): Record<string, WireValue> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  );
}
