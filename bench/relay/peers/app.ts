import { STATUS_CODES } from 'node:http';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { readEvent, Refusal, type Delivery } from './event.ts';

export interface AppParts {
  readonly destinations: ReadonlyMap<string, string>;
  /** Takes the event; resolves to the id of its job. */
  readonly accept: (delivery: Delivery, bytes: number) => Promise<string> | string;
}

/** What fastify refuses by itself, as the example's api tells it. */
const FRAMEWORK: Readonly<Record<string, readonly [status: number, code: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'BODY_TOO_LARGE'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'UNSUPPORTED_MEDIA_TYPE'],
};

/** `POST /process` of the example on the same framework with the same checks and answers; what is done with an event is the peer's. */
export function createApp({ destinations, accept }: AppParts): FastifyInstance {
  const app = fastify({ bodyLimit: 1_048_576, requestTimeout: 30_000 });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(?:[\w.+-]{1,100}\+)?json(?:\s*;\s*charset="?utf-8"?)?\s*$/i,
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler((_request, reply) => refuse(new Refusal(404, 'NOT_FOUND', 'there is nothing here'), reply));
  app.post<{ Body: Buffer | undefined }>('/process', async ({ body = Buffer.alloc(0) }, reply) => {
    const id = await accept(readEvent(body, destinations), body.length);
    const statusUrl = `/jobs/${id}`;
    return reply.code(202).header('Location', statusUrl).send({ id, statusUrl });
  });
  return app;
}

function refuse(error: unknown, reply: FastifyReply): FastifyReply {
  const { status, code, message } = toRefusal(error);
  const problem = { type: 'about:blank', title: STATUS_CODES[status], status, detail: message, code };
  return reply.code(status).type('application/problem+json').send(problem);
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const [status, code] = FRAMEWORK[String((error as { code?: unknown }).code)] ?? [503, 'REDIS_UNAVAILABLE'];
  return new Refusal(status, code, 'the event was not taken');
}
