import { type Clock, systemClock } from '../clock.ts';
import { histogram } from './instruments.ts';
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

/** The part of a fastify instance that {@link HttpServerMetrics.fastify} uses. */
export interface FastifyHooks {
  /** Has `hook` called after each response. */
  addHook(name: 'onResponse', hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void): unknown;
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
  /** Counts each response of a fastify instance by its route pattern. */
  fastify(app: FastifyHooks): void;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

/**
 * Registers `http_server_request_duration_seconds{http_request_method,http_route,http_response_status_code}`, named and bucketed
 * after OpenTelemetry's HTTP conventions. Its `_count` gives rate and errors.
 *
 * @throws TelemetryError `METRIC_CONFLICT` when it is already registered.
 * @example
 * ```ts
 * import { createRegistry, httpServerMetrics } from '@nines/telemetry/metrics';
 * const http = httpServerMetrics(createRegistry());
 * http.observe({ method: 'POST', route: '/process', status: 202, seconds: 0.004 });
 * ```
 */
export function httpServerMetrics(registry: MetricRegistry, options: { readonly clock?: Clock } = {}): HttpServerMetrics {
  const clock = options.clock ?? systemClock;
  const duration = histogram(registry, {
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP server requests.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
  });
  const observe = (request: ServedRequest): void => {
    duration.observe(request.seconds, {
      http_request_method: methods.has(request.method) ? request.method : '_OTHER',
      http_route: request.route ?? '',
      http_response_status_code: request.status,
    });
  };
  return {
    observe,
    track(request, response, route) {
      const startedMs = clock.now();
      response.once('close', () => {
        observe({
          method: request.method ?? 'GET',
          route: route?.(),
          status: response.statusCode,
          seconds: (clock.now() - startedMs) / 1000,
        });
      });
    },
    fastify(app) {
      app.addHook('onResponse', (request, reply, done) => {
        const seconds = reply.elapsedTime / 1000;
        observe({ method: request.method, route: request.routeOptions?.url, status: reply.statusCode, seconds });
        done();
      });
    },
  };
}
