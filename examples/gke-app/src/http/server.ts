import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type HTTPMethods } from 'fastify';
import { admission } from '@nines/resilience/http';
import type { Logger } from '@nines/telemetry/logging';
import type { HttpServerMetrics } from '@nines/telemetry/metrics';
import type { ApiConfig } from '../config.ts';
import { Problem, retryAfter, toProblem } from './problem.ts';

/**
 * Longer than a load balancer keeps a connection that is idle (Google's: 600 s), so that it is never ours that closes first: what was sent into a
 * connection that is just being closed becomes a 502, and nobody may send a POST again.
 */
const KEEP_ALIVE_MS = 620_000;

/** A server with bounds: of time, of size, of connections and of requests at once; whatever it refuses is a problem. */
export function createServer(http: ApiConfig['http'], logger: Logger, metrics?: HttpServerMetrics): FastifyInstance {
  const { requestTimeoutMs, maxBodyBytes, maxConnections } = http;
  const refuse = (error: unknown, reply: FastifyReply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) logger.error({ code: problem.code, err: error }, 'request failed');
    return reply.code(problem.status).headers(problem.headers).type('application/problem+json').send(problem.body());
  };
  const app = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1000 },
    clientErrorHandler: refuseClient,
    frameworkErrors: (error, _request, reply) => void refuse(error, reply),
  });
  app.server.maxConnections = maxConnections;
  // First, so that what is refused below is counted too.
  metrics?.fastify(app);
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'NOT_FOUND', 'there is nothing here; GET /openapi.json says what there is');
  });

  boundRequests(app, http);
  return app;
}

/** So many requests at once, and so many bytes of bodies: a request has its place before its body is read. */
function boundRequests(app: FastifyInstance, { maxBodyBytes, maxInFlight, maxInFlightBytes }: ApiConfig['http']): void {
  // All matter alike: a stranger's word on that is not believed.
  const gate = admission({ maxInFlight, maxEventLoopDelayMs: 1000, defaultCriticality: 'critical+', trust: () => false });
  let inFlightBytes = 0;
  const overloaded = (seconds = 1) =>
    new Problem(503, 'OVERLOADED', 'too many requests at once; come again later', retryAfter(seconds * 1000));
  app.addHook('onRequest', async ({ headers }, reply) => {
    // A body in chunks may become as long as any.
    const declared = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : maxBodyBytes;
    const bytes = Math.min(declared, maxBodyBytes);
    if (inFlightBytes + bytes > maxInFlightBytes) throw overloaded();
    const admitted = gate.admit({});
    if (!admitted.admitted) throw overloaded(admitted.retryAfterSeconds);
    inFlightBytes += bytes;
    reply.raw.once('close', () => {
      inFlightBytes -= bytes;
      admitted.end(reply.raw.writableFinished);
    });
  });
}

/** What is no HTTP, or does not end, never becomes a request: the answer is written by hand. */
function refuseClient(error: Error, socket: Socket): void {
  const problem = toProblem(error, new Problem(400, 'INVALID_REQUEST', 'the request is not valid HTTP'));
  const body = JSON.stringify(problem.body());
  const head = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  if (socket.writable) socket.end(head + body);
  else socket.destroy();
}

/** Refused before the body is read. */
export function refuseOtherMethods(app: FastifyInstance, url: string, allowed: string, method: HTTPMethods[]): void {
  const refuse = async (): Promise<never> => {
    throw new Problem(405, 'METHOD_NOT_ALLOWED', `this address allows ${allowed}`, { Allow: allowed });
  };
  app.route({ url, method, onRequest: refuse, handler: refuse });
}
