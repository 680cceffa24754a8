import { type Clock, systemClock } from '../clock.ts';
import { TelemetryError } from '../errors.ts';
import { refuseUnknown, whole } from '../options.ts';
import { quiet } from '../quiet.ts';
import type { MetricRegistry } from './registry.ts';

/** Options of {@link metricsHandler}. */
export interface ScrapeOptions {
  /** Longest wait for one collector in milliseconds; the rest is served without it. Default 1000. */
  readonly timeoutMs?: number;
  /** Told about each collector that threw or hung. Default: nobody. */
  readonly onCollectorError?: (metric: string, error: unknown) => void;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/** The part of a request of `node:http` that the handler reads. */
export interface ScrapeRequest {
  readonly method?: string | undefined;
}

/** The part of a response of `node:http` that the handler writes. */
export interface ScrapeResponse {
  /** Sends status and headers. */
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** Sends the body and ends the response. */
  end(body?: string): unknown;
}

/** Serves a scrape over `node:http`; also renders without a server. */
export interface MetricsHandler {
  (request: ScrapeRequest, response: ScrapeResponse): void;
  /** The text of the registry. Never rejects, never waits longer than `timeoutMs`. */
  render(): Promise<string>;
}

const upName = 'telemetry_collector_up';

function nameOf(metric: object): string {
  return 'name' in metric ? String(metric.name) : '';
}

/** Settles when the work does, or with an error after `timeoutMs`. */
function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // Not a background timer: a scrape in flight must be answered even when nothing else keeps the process alive.
    const timer = clock.after(timeoutMs, () => reject(new Error(`timed out after ${timeoutMs} ms`)), false);
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Renders each metric on its own, so that one bad collector costs one metric and not the scrape. */
function createRender(registry: MetricRegistry, timeoutMs: number, clock: Clock, onError: (metric: string, error: unknown) => void) {
  const hanging = new Map<string, Promise<string>>();
  const everFailed = new Set<string>();

  function collect(name: string): Promise<string> {
    // A collector that still hangs is not called again: waiting work stays bounded at one call a metric.
    const pending = hanging.get(name);
    if (pending !== undefined) return pending;
    const work = Promise.resolve()
      .then(() => registry.getSingleMetricAsString(name))
      .finally(() => hanging.delete(name));
    hanging.set(name, work);
    return work;
  }

  async function one(name: string): Promise<{ name: string; text?: string }> {
    try {
      return { name, text: await within(clock, timeoutMs, collect(name)) };
    } catch (error) {
      everFailed.add(name);
      quiet(() => onError(name, error));
      return { name };
    }
  }

  return async (): Promise<string> => {
    const names = registry.getMetricsAsArray().map(nameOf);
    const rendered = await Promise.all(names.map(one));
    const parts = rendered.flatMap((part) => (part.text === undefined ? [] : [part.text]));
    const reported = rendered.filter((part) => everFailed.has(part.name));
    if (reported.length > 0) {
      const lines = reported.map((part) => `${upName}{metric="${part.name}"} ${part.text === undefined ? 0 : 1}`);
      parts.push(
        [`# HELP ${upName} Whether the collector of a metric answered the last scrape.`, `# TYPE ${upName} gauge`, ...lines].join('\n'),
      );
    }
    return `${parts.join('\n\n')}\n`;
  };
}

/**
 * A request handler that serves a registry as Prometheus text and always answers: a collector that throws or hangs
 * costs only its own metric, which is reported as `telemetry_collector_up{metric="…"} 0`. Scrapes in parallel share one collection.
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
  refuseUnknown('metricsHandler', options, ['timeoutMs', 'onCollectorError', 'clock']);
  if (registry.contentType.includes('openmetrics')) {
    // Its clients rename every counter for good on the first such render; the plain text keeps the names.
    throw new TelemetryError('INVALID_OPTION', `registry must write the Prometheus text format, got ${registry.contentType}`);
  }
  const timeoutMs = whole('timeoutMs', options.timeoutMs, 1000, 1, 60_000);
  const collect = createRender(registry, timeoutMs, options.clock ?? systemClock, options.onCollectorError ?? (() => undefined));
  let shared: Promise<string> | undefined;
  const render = (): Promise<string> => {
    shared ??= collect().finally(() => {
      shared = undefined;
    });
    return shared;
  };
  const serve = async (response: ScrapeResponse): Promise<void> => {
    const body = await render();
    response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' });
    response.end(body);
  };
  const handler = (request: ScrapeRequest, response: ScrapeResponse): void => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' });
      response.end('method not allowed\n');
      return;
    }
    void serve(response);
  };
  return Object.assign(handler, { render });
}
