import type { FastifyInstance } from 'fastify';
import type { Inspector, Producer } from '@nines/queue';
import type { Logger } from '@nines/telemetry/logging';
import type { HttpServerMetrics } from '@nines/telemetry/metrics';
import type { ApiConfig } from '../config.ts';
import openapi from '../openapi.json' with { type: 'json' };
import type { Delivery } from '../queue.ts';
import { createAccess } from '../http/access.ts';
import { readEvent } from './event.ts';
import { readIdempotencyKey, readTimeout } from './headers.ts';
import { showJob } from './job.ts';
import { Problem } from '../http/problem.ts';
import { createServer, refuseOtherMethods } from '../http/server.ts';

export interface AppParts {
  readonly producer: Producer<Delivery>;
  readonly inspector: Inspector<Delivery>;
  readonly config: ApiConfig;
  readonly logger: Logger;
  readonly metrics: HttpServerMetrics;
}

/** The public HTTP interface: what `openapi.json` describes, nothing else. */
export function createApp(parts: AppParts): FastifyInstance {
  const { config, inspector, logger, metrics } = parts;
  const app = createServer(config.http, logger, metrics);
  const enter = createAccess(config.apiKeys, config.rate);
  app.decorateRequest('caller', '');
  app.addHook('onRequest', async (request) => request.setDecorator('caller', await enter(request.headers.authorization)));

  // The body stays bytes: what is signed and sent must be what came in.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(?:[\w.+-]{1,100}\+)?json(?:\s*;\s*charset="?utf-8"?)?\s*$/i,
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  acceptEvents(app, parts);
  app.get<{ Params: { id: string } }>('/jobs/:id', async ({ params }, reply) => {
    return reply.header('Cache-Control', 'no-store').send(await showJob(inspector, params.id));
  });
  app.get('/openapi.json', async () => openapi);
  refuseOtherMethods(app, '/process', 'POST', ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
  for (const url of ['/jobs/:id', '/openapi.json'])
    refuseOtherMethods(app, url, 'GET, HEAD', ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
  return app;
}

function acceptEvents(app: FastifyInstance, { producer, config, logger }: AppParts): void {
  app.post<{ Querystring: Record<string, unknown>; Body: Buffer | undefined }>('/process', async (request, reply) => {
    const { query, headers, body = Buffer.alloc(0) } = request;
    const caller = request.getDecorator<string>('caller');
    const delivery = readEvent({ query, contentType: headers['content-type'] ?? 'application/json', body }, config.destinations);
    const { destination, type } = delivery;
    const { id, created, sameBody } = await producer.enqueue(delivery, {
      ...readIdempotencyKey(headers['idempotency-key'], caller),
      ...readTimeout(headers['x-request-timeout-ms']),
      ...(config.destinations.get(destination)?.ordered ? { groupId: destination } : {}),
    });
    if (!sameBody) throw new Problem(422, 'IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another event before');
    logger.info({ jobId: id, caller, destination, type, bytes: body.length, created }, 'accepted');
    const statusUrl = `/jobs/${id}`;
    return reply.code(202).header('Location', statusUrl).send({ id, statusUrl });
  });
}
