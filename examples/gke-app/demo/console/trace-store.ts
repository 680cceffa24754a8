import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readText } from './body.ts';
import { asJaeger } from './jaeger.ts';
import { readSpans } from './otlp.ts';
import type { Percentiles, TraceFilter, TraceLine, TraceView } from './protocol.ts';
import type { Span } from './span.ts';
import { deliveredAfterMs, lineOf, viewOf } from './trace-view.ts';

/** How much a store keeps; what is older goes. */
export interface TraceStoreOptions {
  readonly maxTraces?: number;
  readonly maxSpans?: number;
  readonly maxBytes?: number;
}

/** Takes the spans of the services as an OTLP endpoint would, keeps the newest in memory, and gives one trace as Jaeger's query API would. */
export interface TraceStore {
  /** What to set for a service that is to send its spans here. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** The newest traces first. */
  recent(filter: TraceFilter, limit: number): readonly TraceLine[];
  trace(traceId: string): TraceView | undefined;
  /** How long the events took that were accepted since then and are delivered. */
  whole(sinceMs: number): Percentiles;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 4_194_304;

interface Kept {
  readonly spans: Map<string, Span>;
  bytes: number;
  /** Something of it failed or was tried again: these are what one looks for, so the many that went well do not push them out. */
  troubled: boolean;
}

/** Starts it on a free loopback port. */
export async function createTraceStore(options: TraceStoreOptions = {}): Promise<TraceStore> {
  const kept = new KeptTraces(options);
  const server = createServer((request, response) => void answer(request, response, kept)).listen(0, '127.0.0.1');
  server.requestTimeout = 10_000;
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      // Someone waits to see the trace of what they did a moment ago.
      OTEL_BSP_SCHEDULE_DELAY: '500',
    },
    recent: (filter, limit) => kept.recent(filter, limit),
    trace: (traceId) => kept.trace(traceId),
    whole: (sinceMs) => kept.whole(sinceMs),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, kept: KeptTraces): Promise<void> {
  const refuse = (status: number, text: string) =>
    response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' }).end(`${text}\n`);
  const wanted = /^\/api\/traces\/([\da-f]{32})$/.exec(request.url ?? '')?.[1];
  if (request.method === 'GET' && wanted !== undefined) {
    const found = asJaeger(kept.spans(wanted));
    return void response
      .writeHead(found === undefined ? 404 : 200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(found ?? {}));
  }
  if (request.method !== 'POST' || request.url !== '/v1/traces')
    return void refuse(404, 'this store takes POST /v1/traces, and gives GET /api/traces/ID');
  if (!request.headers['content-type']?.startsWith('application/json') || request.headers['content-encoding'] !== undefined)
    return void refuse(415, 'this store takes OTLP as JSON, uncompressed: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json');
  try {
    const text = await readText(request, BODY_BYTES_MAX);
    if (text === undefined) return void refuse(413, `a request may have ${BODY_BYTES_MAX} bytes`);
    kept.add(readSpans(text));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  } catch {
    refuse(400, 'this is not a request for traces');
  }
}

class KeptTraces {
  readonly #limits: Required<TraceStoreOptions>;
  /** In the order in which they were first heard of. */
  readonly #traces = new Map<string, Kept>();
  #spans = 0;
  #bytes = 0;

  constructor({ maxTraces = 2000, maxSpans = 40_000, maxBytes = 32_000_000 }: TraceStoreOptions) {
    this.#limits = { maxTraces, maxSpans, maxBytes };
  }

  add(spans: readonly Span[]): void {
    for (const span of spans) this.#addOne(span);
    const { maxTraces, maxSpans, maxBytes } = this.#limits;
    while (this.#traces.size > maxTraces || this.#spans > maxSpans || this.#bytes > maxBytes) this.#dropOne();
  }

  recent(filter: TraceFilter, limit: number): readonly TraceLine[] {
    const newest = [...this.#traces.values()].reverse().filter(({ troubled }) => filter !== 'troubled' || troubled);
    const lines = (some: readonly Kept[]) => some.map(({ spans }) => lineOf([...spans.values()]));
    if (filter !== 'slowest') return lines(newest.slice(0, limit));
    return lines(newest)
      .sort((a, b) => b.durationMs - a.durationMs)
      .slice(0, limit);
  }

  trace(traceId: string): TraceView | undefined {
    const kept = this.#traces.get(traceId);
    return kept === undefined ? undefined : viewOf([...kept.spans.values()]);
  }

  spans(traceId: string): readonly Span[] {
    return [...(this.#traces.get(traceId)?.spans.values() ?? [])];
  }

  whole(sinceMs: number): Percentiles {
    const took = [...this.#traces.values()].flatMap(({ spans }) => deliveredAfterMs([...spans.values()], sinceMs)).sort((a, b) => a - b);
    const quantile = (share: number) => {
      const ms = took[Math.min(took.length - 1, Math.floor(share * took.length))];
      return ms === undefined ? undefined : ms / 1000;
    };
    return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), floor: 0, ceiling: Number.MAX_SAFE_INTEGER };
  }

  #addOne(span: Span): void {
    const kept = this.#traces.get(span.traceId) ?? { spans: new Map<string, Span>(), bytes: 0, troubled: false };
    this.#traces.set(span.traceId, kept);
    // A span that an exporter sends twice is one.
    if (kept.spans.has(span.spanId)) return;
    const again = span.kind === 'consumer' && [...kept.spans.values()].some(({ kind }) => kind === 'consumer');
    kept.spans.set(span.spanId, span);
    kept.troubled ||= span.failed || again;
    kept.bytes += span.bytes;
    this.#spans += 1;
    this.#bytes += span.bytes;
  }

  /** The oldest of the larger group, so that what went well and what went wrong share the room. */
  #dropOne(): void {
    const troubled = [...this.#traces.values()].filter((kept) => kept.troubled).length;
    const group = troubled > this.#traces.size / 2;
    for (const [traceId, kept] of this.#traces) {
      if (kept.troubled !== group) continue;
      this.#traces.delete(traceId);
      this.#spans -= kept.spans.size;
      this.#bytes -= kept.bytes;
      return;
    }
  }
}
