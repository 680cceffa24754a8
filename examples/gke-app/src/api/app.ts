import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type HTTPMethods } from 'fastify';
import type { Inspector, Producer } from '@nines/queue';
import type { Logger } from '@nines/telemetry/logging';
import type { Destinations } from '../destinations.ts';
import type { Delivery } from '../queue.ts';
import { readEvent } from './event.ts';
import { readIdempotencyKey } from './headers.ts';
import { Problem, toProblem } from './problem.ts';

export interface AppParts {
  readonly producer: Producer<Delivery>;
  readonly inspector: Inspector<Delivery>;
  readonly destinations: Destinations;
  readonly maxEventBytes: number;
  readonly logger: Logger;
}

/** The public HTTP interface: `POST /process` and `GET /jobs/:id`, nothing else. */
export function createApp(parts: AppParts): FastifyInstance {
  const { logger, maxEventBytes } = parts;
  const refuse = (error: unknown, reply: FastifyReply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) logger.error({ code: problem.code, err: error }, 'request failed');
    return reply.code(problem.status).headers(problem.headers).type('application/problem+json').send(problem.body());
  };
  const app = fastify({
    bodyLimit: maxEventBytes,
    requestTimeout: 30_000,
    clientErrorHandler: refuseClient,
    frameworkErrors: (error, _request, reply) => void refuse(error, reply),
  });

  // The body stays bytes: what is signed and sent must be what came in.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(?:[\w.+-]{1,100}\+)?json(?:\s*;\s*charset="?utf-8"?)?\s*$/i,
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'NOT_FOUND', 'there is nothing here; this service has POST /process and GET /jobs/:id');
  });

  acceptEvents(app, parts);
  showJobs(app, parts);
  refuseOtherMethods(app, '/process', 'POST', ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
  refuseOtherMethods(app, '/jobs/:id', 'GET, HEAD', ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
  return app;
}

function acceptEvents(app: FastifyInstance, { producer, destinations, logger }: AppParts): void {
  app.post<{ Querystring: Record<string, unknown>; Body: Buffer | undefined }>('/process', async (request, reply) => {
    const { query, body = Buffer.alloc(0) } = request;
    const delivery = readEvent({ query, contentType: request.headers['content-type'] ?? 'application/json', body }, destinations);
    const { id, created, sameBody } = await producer.enqueue(delivery, readIdempotencyKey(request.headers['idempotency-key'], ''));
    if (!sameBody) throw new Problem(422, 'IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another event before');
    const { destination, type } = delivery;
    logger.info({ jobId: id, destination, type, bytes: body.length, created }, 'accepted');
    const statusUrl = `/jobs/${id}`;
    return reply.code(202).header('Location', statusUrl).send({ id, statusUrl });
  });
}

function showJobs(app: FastifyInstance, { inspector }: AppParts): void {
  app.get<{ Params: { id: string } }>('/jobs/:id', async (request, reply) => {
    const { id } = request.params;
    // Ids have at most 128 visible characters; what cannot be one is as absent as any other.
    const job = /^[\x21-\x7e]{1,128}$/.test(id) ? await inspector.get(id) : undefined;
    if (job === undefined) throw new Problem(404, 'UNKNOWN_JOB', 'there is no such job, or it ended too long ago');
    const { state, failedAttempts, lastError = null, traceId = null, enqueuedAtMs, payload } = job;
    const { destination = null, type = null } = payload ?? {};
    const acceptedAt = new Date(enqueuedAtMs).toISOString();
    return reply.header('Cache-Control', 'no-store').send({ id, state, destination, type, acceptedAt, failedAttempts, lastError, traceId });
  });
}

/** What is no HTTP never becomes a request: the answer is written by hand. */
function refuseClient(_error: unknown, socket: Socket): void {
  const problem = new Problem(400, 'INVALID_REQUEST', 'the request is not valid HTTP, or did not end in time');
  const body = JSON.stringify(problem.body());
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  if (socket.writable) socket.end(head + body);
  else socket.destroy();
}

/** Refused before the body is read. */
function refuseOtherMethods(app: FastifyInstance, url: string, allowed: string, method: HTTPMethods[]): void {
  const refuse = async (): Promise<never> => {
    throw new Problem(405, 'METHOD_NOT_ALLOWED', `this address allows ${allowed}`, { Allow: allowed });
  };
  app.route({ url, method, onRequest: refuse, handler: refuse });
}
