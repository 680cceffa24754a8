import { context, type Context } from '@opentelemetry/api';
import { type Clock, systemClock } from '../clock.ts';
import { internalErrors } from '../internal-errors.ts';
import { refuseUnknown } from '../options.ts';
import { setHttpRoute } from '../tracing/route.ts';
import { histogramWithin } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';

/** One answered request. */
export interface ServedRequest {
  /** Method as sent; anything but the nine standard ones is counted as `_OTHER`. */
  readonly method: string;
  /** The route's pattern, such as `/jobs/:id`; never the path itself. Unknown when no route matched. */
  readonly route?: string | undefined;
  /** Status code of the response. */
  readonly status: number;
  /** Time from the first byte of the request to the end of the response. */
  readonly seconds: number;
}

/** The part of a request of express that is read. */
export interface ExpressRequest {
  readonly method?: string | undefined;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown } | undefined;
}

/** The part of a fastify instance that {@link HttpServerMetrics.fastify} uses. */
export interface FastifyHooks {
  /** Has `hook` called before each request and after each response. */
  addHook(name: 'onRequest' | 'onResponse', hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void): unknown;
}

/** The part of a fastify request that is read. */
export interface FastifyRequest {
  readonly method: string;
  readonly routeOptions?: { readonly url?: string | undefined };
}

/** The part of a fastify reply that is read. */
export interface FastifyReply {
  readonly statusCode: number;
  readonly elapsedTime: number;
}

/** The part of a response of `node:http` that is watched. */
export interface ObservedResponse {
  readonly statusCode: number;
  /** Calls `listener` when the response is over. */
  once(event: 'close', listener: () => void): unknown;
}

/** Rate, errors and duration of an HTTP server. */
export interface HttpServerMetrics {
  /** Counts one answered request. */
  observe(request: ServedRequest): void;
  /** Starts timing a request of `node:http`; counted when the response closes. */
  track(request: { readonly method?: string | undefined }, response: ObservedResponse, route?: () => string | undefined): void;
  /** Counts each response of a fastify instance by its route pattern, and names the server span by it. */
  fastify(app: FastifyHooks): void;
  /** Middleware of express that counts each response by the pattern of its route; `app.use(http.express())` before the routes. */
  express(): (request: ExpressRequest, response: ObservedResponse, next: () => void) => void;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Options of {@link httpServerMetrics}. */
export interface HttpServerMetricsOptions {
  /** Bucket bounds in seconds. Default {@link durationBuckets}. */
  readonly buckets?: readonly number[];
  /** Keep for each bucket the trace of a request, for scrapes in OpenMetrics. Default true. */
  readonly exemplars?: boolean;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/** The pattern of the route that express chose; its routers' mount points are part of it. */
function expressRoute({ baseUrl = '', route }: ExpressRequest): string | undefined {
  return typeof route?.path === 'string' ? baseUrl + route.path : undefined;
}

/**
 * Registers `http_server_request_duration_seconds{http_request_method,http_route,http_response_status_code}`, named and bucketed
 * after OpenTelemetry's HTTP conventions. Its `_count` gives rate and errors.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when it is already registered.
 * @example
 * ```ts
 * import { createRegistry, httpServerMetrics } from '@nines/telemetry/metrics';
 * const http = httpServerMetrics(createRegistry());
 * http.observe({ method: 'POST', route: '/process', status: 202, seconds: 0.004 });
 * ```
 */
export function httpServerMetrics(registry: MetricRegistry, options: HttpServerMetricsOptions = {}): HttpServerMetrics {
  refuseUnknown('httpServerMetrics', options, ['buckets', 'exemplars', 'clock']);
  const { clock = systemClock, exemplars = true, buckets } = options;
  const duration = histogramWithin(registry, {
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP server requests.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    exemplars,
    ...(buckets === undefined ? {} : { buckets }),
  });
  const count = (seconds: number, method: string, route: string | undefined, status: number, within?: Context): void => {
    const labels = {
      http_request_method: methods.has(method) ? method : '_OTHER',
      http_route: route ?? '',
      http_response_status_code: status,
    };
    duration.observe(seconds, labels, within);
  };
  const attempt = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      internalErrors(registry).report('http metrics', error);
    }
  };
  const track: HttpServerMetrics['track'] = (request, response, route) => {
    const startedMs = clock.now();
    // The response closes outside of the span of its request, whose trace the exemplar names.
    const within = context.active();
    const closed = (): void =>
      attempt(() => count((clock.now() - startedMs) / 1000, request.method ?? 'GET', route?.(), response.statusCode, within));
    attempt(() => response.once('close', closed));
  };
  return {
    observe: (request) => attempt(() => count(request.seconds, request.method, request.route, request.status)),
    track,
    fastify(app) {
      const contexts = new WeakMap<object, Context>();
      app.addHook('onRequest', (request, _reply, done) => {
        contexts.set(request, context.active());
        attempt(() => setHttpRoute(request.routeOptions?.url, request.method));
        done();
      });
      app.addHook('onResponse', (request, reply, done) => {
        const { method, routeOptions } = request;
        attempt(() => count(reply.elapsedTime / 1000, method, routeOptions?.url, reply.statusCode, contexts.get(request)));
        done();
      });
    },
    express: () => (request, response, next) => {
      track(request, response, () => expressRoute(request));
      next();
    },
  };
}
