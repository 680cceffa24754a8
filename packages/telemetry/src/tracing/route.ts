import { context, createContextKey, type Span, trace } from '@opentelemetry/api';

/** Where the HTTP instrumentation keeps the server span of the running request; keys of one name are equal in every copy of the API. */
const key = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

interface ServerMetadata {
  readonly span?: Span;
  route?: string;
}

/**
 * Names the server span of the running request `METHOD route` and sets its `http.route`. Call it once the route is known, inside the request.
 * The route is the pattern, `/jobs/:id`, never the path. Does nothing outside of a request.
 * `httpServerMetrics(registry).fastify(app)` does it for fastify.
 *
 * @param route - the pattern of the route that matched; `undefined` leaves the span as it is.
 * @param method - the request's method. Default: taken from the span's name.
 * @example
 * ```ts
 * import { setHttpRoute } from '@nines/telemetry';
 * setHttpRoute('/process', 'POST');
 * ```
 */
export function setHttpRoute(route: string | undefined, method?: string): void {
  if (typeof route !== 'string') return;
  const metadata = context.active().getValue(key) as ServerMetadata | undefined;
  const span = metadata?.span ?? trace.getActiveSpan();
  if (span === undefined) return;
  // The instrumentation reads the route from here when the response ends, and names the span by it.
  if (metadata !== undefined) metadata.route = route;
  span.setAttribute('http.route', route);
  if (typeof method === 'string') span.updateName(`${method} ${route}`);
}
