import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import definitions from 'otlp-definitions/build/src/generated/root.js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cleanExit, readSpans, startChild } from './child.ts';

// Child processes on a busy machine take what they take.
vi.setConfig({ testTimeout: 60_000 });

/** A request for traces as the published definitions read it, with ids as text. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Sent[] }[];
  }[];
}

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string }[];
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
const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

/** Reads protobuf with the published definitions; its bytes come as base64, where JSON over OTLP has hex. */
function decode(contentType: string | undefined, body: Buffer): Export {
  if (contentType !== 'application/x-protobuf') return JSON.parse(body.toString()) as Export;
  const message = request.toObject(request.decode(body), { bytes: String, longs: String }) as Export;
  const ids = (span: Sent): Sent => ({
    ...span,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: hex(span.parentSpanId) }),
  });
  return {
    resourceSpans: message.resourceSpans.map((one) => ({
      ...one,
      scopeSpans: one.scopeSpans.map(({ spans }) => ({ spans: spans.map(ids) })),
    })),
  };
}

/** An OTLP endpoint that keeps what it was sent. */
async function startSink(): Promise<{ readonly url: string; readonly received: Export[]; readonly types: Set<string | undefined> }> {
  const received: Export[] = [];
  const types = new Set<string | undefined>();
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      const type = incoming.headers['content-type'];
      const whole = Buffer.concat(chunks);
      types.add(type);
      received.push(decode(type, incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole));
      response.setHeader('content-type', type ?? '').end(type === 'application/json' ? '{}' : '');
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, types };
}

test.for([
  ['http/protobuf', 'application/x-protobuf', 'none'],
  ['http/protobuf', 'application/x-protobuf', 'gzip'],
  ['http/json', 'application/json', 'none'],
] as const)(
  'an OTLP endpoint receives over %s what was recorded, with the resource (%s, compression %s)',
  async ([protocol, type, compression]) => {
    const sink = await startSink();
    const file = join(mkdtempSync(join(tmpdir(), 'nines-otlp-')), 'spans.jsonl');
    const env = {
      OTEL_SERVICE_NAME: 'under-test',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=api-7,k8s.namespace.name=shop,service.version=1.2.3',
      NINES_TRACES_FILE: file,
    };
    const child = startChild('registered.mjs', { flags: ['--import', '@nines/telemetry/register'], env });
    expect(await child.exit).toEqual(cleanExit);
    expect([...sink.types]).toEqual([type]);
    const resources = sink.received.flatMap(({ resourceSpans }) => resourceSpans.map(({ resource }) => resource));
    for (const { attributes } of resources) {
      const texts = Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
      expect(texts).toMatchObject({
        'service.name': 'under-test',
        'service.version': '1.2.3',
        'k8s.pod.name': 'api-7',
        'k8s.namespace.name': 'shop',
        'telemetry.sdk.language': 'nodejs',
      });
      expect(Object.keys(texts).filter((key) => key.startsWith('process.'))).toEqual([]);
    }
    const spans = sink.received.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
    const identity = (span: { traceId: string; spanId: string; parentSpanId?: string; name: string }): string =>
      `${span.traceId} ${span.parentSpanId ?? ''} ${span.spanId} ${span.name}`;
    expect(spans.length).toBe(6);
    expect(spans.map(identity).toSorted()).toEqual(readSpans(file).map(identity).toSorted());
    expect(spans.filter(({ kind }) => kind === 2).length).toBe(3);
  },
);
