import { type Clock, systemClock } from '../clock.ts';
import { TelemetryError } from '../errors.ts';
import { internalErrors } from '../internal-errors.ts';
import { refuseUnknown, whole } from '../options.ts';
import { quiet } from '../quiet.ts';
import { createCollection, type Family, type OnCollectorError } from './collection.ts';
import { contentTypes, expose, type Format } from './exposition.ts';
import { acceptsGzip, chooseFormat } from './negotiation.ts';
import type { MetricRegistry } from './registry.ts';

/** Options of {@link metricsHandler}. */
export interface ScrapeOptions {
  /** Longest wait for one collector in milliseconds; the rest is served without it. Default 1000. */
  readonly timeoutMs?: number;
  /** Most requests answered at a time; one more is told 503 with `Retry-After`. Default 100. */
  readonly maxInFlight?: number;
  /** Told about each collector that threw or hung; it is counted in `telemetry_internal_errors_total` besides. Default: nobody. */
  readonly onCollectorError?: (metric: string, error: unknown) => void;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/** The part of a request of `node:http` that the handler reads. */
export interface ScrapeRequest {
  readonly method?: string | undefined;
  readonly headers?: { readonly accept?: string | undefined; readonly 'accept-encoding'?: string | string[] | undefined };
}

/** The part of a response of `node:http` that the handler writes. */
export interface ScrapeResponse {
  /** Sends status and headers. */
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** Sends the body and ends the response. */
  end(body?: string | Uint8Array): unknown;
  /** Calls `listener` when the response is over, sent or not. */
  once?(event: 'close', listener: () => void): unknown;
}

/** Serves a scrape over `node:http`; also renders without a server. */
export interface MetricsHandler {
  (request: ScrapeRequest, response: ScrapeResponse): void;
  /** The text of the registry. Never rejects, never waits longer than `timeoutMs`. */
  render(): Promise<string>;
}

/** Loaded with the first answer that is compressed: a process that is not scraped does not pay for it. */
async function compress(text: string): Promise<Uint8Array> {
  const { gzip } = await import('node:zlib');
  return new Promise((resolve, reject) => {
    gzip(text, (error, zipped) => (error === null ? resolve(zipped) : reject(error)));
  });
}

/** Below this many characters a compressed answer saves nothing. */
const worthCompressing = 1000;

/** One collection and what was made of it, shared by all who asked while it went on. */
class Scrape {
  readonly #families: Promise<readonly Family[]>;
  readonly #texts = new Map<Format, Promise<string>>();
  readonly #zipped = new Map<Format, Promise<Uint8Array>>();

  constructor(families: Promise<readonly Family[]>) {
    this.#families = families;
  }

  text(format: Format): Promise<string> {
    let text = this.#texts.get(format);
    if (text === undefined) this.#texts.set(format, (text = this.#families.then((families) => expose(families, format))));
    return text;
  }

  zipped(format: Format): Promise<Uint8Array> {
    let zipped = this.#zipped.get(format);
    if (zipped === undefined) this.#zipped.set(format, (zipped = this.text(format).then(compress)));
    return zipped;
  }
}

/** Gives those who ask while a collection goes on the same one. */
function shareScrapes(collect: () => Promise<readonly Family[]>): () => Scrape {
  let shared: Scrape | undefined;
  return () => {
    shared ??= new Scrape(
      collect().finally(() => {
        shared = undefined;
      }),
    );
    return shared;
  };
}

async function answer(scrape: Scrape, { headers = {} }: ScrapeRequest, response: ScrapeResponse, head: boolean): Promise<void> {
  const format = chooseFormat(headers.accept);
  const text = await scrape.text(format);
  const encoding = headers['accept-encoding'];
  const zip = text.length >= worthCompressing && acceptsGzip(Array.isArray(encoding) ? encoding.join(',') : encoding);
  const body = zip ? await scrape.zipped(format) : text;
  response.writeHead(200, {
    'Content-Type': contentTypes[format],
    'Cache-Control': 'no-store',
    Vary: 'Accept, Accept-Encoding',
    ...(zip ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(head ? undefined : body);
}

function refuse(response: ScrapeResponse, status: number, headers: Record<string, string>, text: string): void {
  response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

/** Counts the answers in the making, until they are sent or their connection is gone. */
function createGate(limit: number): (response: ScrapeResponse) => boolean {
  let inFlight = 0;
  return (response) => {
    if (inFlight >= limit) return false;
    if (response.once === undefined) return true;
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
    });
    return true;
  };
}

/**
 * A request handler that serves a registry as Prometheus text, or as OpenMetrics with exemplars to those who accept it, compressed where
 * that is accepted, and always answers: a collector that throws or hangs costs only its own metric, which is reported as
 * `telemetry_collector_up{metric="…"} 0`. Scrapes in parallel share one collection.
 *
 * @throws TelemetryError `INVALID_OPTION`, also for a registry set to OpenMetrics.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createRegistry, metricsHandler } from '@nines/telemetry/metrics';
 * const handler = metricsHandler(createRegistry(), { timeoutMs: 500 });
 * createServer(handler).unref();
 * console.log(await handler.render());
 * ```
 */
export function metricsHandler(registry: MetricRegistry, options: ScrapeOptions = {}): MetricsHandler {
  refuseUnknown('metricsHandler', options, ['timeoutMs', 'maxInFlight', 'onCollectorError', 'clock']);
  if (registry.contentType.includes('openmetrics')) {
    // Its clients rename every counter for good on the first such render; the plain text keeps the names.
    throw new TelemetryError('INVALID_OPTION', `registry must write the Prometheus text format, got ${registry.contentType}`);
  }
  const timeoutMs = whole('timeoutMs', options.timeoutMs, 1000, 1, 60_000);
  const enter = createGate(whole('maxInFlight', options.maxInFlight, 100, 1, 1000));
  const report = (error: unknown, detail?: string): void => internalErrors(registry).report('scrape', error, detail);
  const onError: OnCollectorError = (metric, error) => {
    report(error, metric);
    quiet(() => options.onCollectorError?.(metric, error));
  };
  const share = shareScrapes(createCollection(registry, timeoutMs, options.clock ?? systemClock, onError));
  const handler = (request: ScrapeRequest, response: ScrapeResponse): void => {
    const head = request.method === 'HEAD';
    if (!head && request.method !== 'GET') {
      refuse(response, 405, { Allow: 'GET, HEAD' }, 'method not allowed');
    } else if (enter(response)) {
      answer(share(), request, response, head).catch((error: unknown) => report(error));
    } else {
      report(new Error('too many scrapes at a time'), 'refused');
      refuse(response, 503, { 'Retry-After': '1' }, 'too many scrapes at a time');
    }
  };
  return Object.assign(handler, { render: () => share().text('text') });
}
