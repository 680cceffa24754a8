import type { FastifyInstance } from 'fastify';
import type { Inspector, JobState, Queue } from '@nines/queue';
import { queueConsole, type ConsoleOptions } from '@nines/queue/console';
import type { Logger } from '@nines/telemetry/logging';
import type { ApiConfig } from '../config.ts';
import type { Delivery } from '../queue.ts';
import { bearer, ownerOf, sha256, unauthorized } from '../http/access.ts';
import { describeJob, isJobId, unknownJob } from './job.ts';
import { createServer } from '../http/server.ts';

export interface AdminParts {
  readonly queue: Queue<Delivery>;
  readonly redis: NonNullable<ConsoleOptions['redis']>;
  readonly inspector: Inspector<Delivery>;
  readonly http: ApiConfig['http'];
  readonly logger: Logger;
}

const PANEL = '/queues';
const limit = { type: 'integer', minimum: 1, maximum: 1000, default: 100 };
const state = { enum: ['waiting', 'delayed', 'active', 'completed', 'dead'], default: 'waiting' };
const page = (properties: object) => ({ schema: { querystring: { type: 'object', properties } } });

/** What operators need, on a port of its own: jobs, dead letters, and the queue's panel, for whoever has the token. */
export function createAdmin(token: string, { queue, redis, inspector, http, logger }: AdminParts): FastifyInstance {
  const app = createServer(http, logger);
  const operators = new Map([['operator', sha256(token)]]);
  app.addHook('onRequest', async ({ headers: { authorization }, routeOptions: { url } }) => {
    // A browser sends a password again by itself, also for other pages; only the panel knows how to refuse those.
    const given = bearer(authorization) ?? (url?.startsWith(PANEL) ? password(authorization) : undefined);
    if (ownerOf(given, operators) === undefined)
      throw unauthorized('send the token of operators', url?.startsWith(PANEL) ? 'Basic' : 'Bearer');
  });
  // The panel reads bodies by itself, and nothing else here has one.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));

  const list = async (of: JobState, { limit: most }: Page) => (await inspector.list(of, { limit: most })).map(describeJob);
  app.get<{ Querystring: Page }>('/jobs', page({ state, limit }), ({ query }) => list(query.state, query));
  app.get<{ Querystring: Page }>('/dead-letters', page({ limit }), ({ query }) => list('dead', query));
  app.post<{ Querystring: Page }>('/dead-letters/redrive', page({ limit }), async ({ query }) => {
    const redriven = await inspector.redrive({ limit: query.limit });
    logger.info({ redriven: redriven.length }, 'dead letters redriven');
    return { redriven };
  });
  app.post<{ Params: { id: string } }>('/dead-letters/:id/redrive', async ({ params: { id } }) => {
    const redriven = isJobId(id) ? await inspector.redrive({ ids: [id] }) : [];
    if (redriven.length === 0) throw unknownJob();
    logger.info({ jobId: id, redriven: 1 }, 'dead letters redriven');
    return { redriven };
  });
  mountPanel(app, queueConsole([queue], { redis, basePath: PANEL, authorize: () => 'operate' }));
  return app;
}

interface Page {
  readonly state: JobState;
  readonly limit: number;
}

function mountPanel(app: FastifyInstance, panel: ReturnType<typeof queueConsole>): void {
  for (const path of [PANEL, `${PANEL}/*`]) {
    app.all(path, (request, reply) => {
      reply.hijack();
      panel(request.raw, reply.raw);
    });
  }
  app.addHook('onClose', () => panel.close());
}

/** The password of `Authorization: Basic`; the name before it does not matter. */
function password(authorization = ''): string | undefined {
  const pair = /^Basic +([A-Za-z\d+/=]{1,2048})$/i.exec(authorization)?.[1];
  return pair === undefined ? undefined : /^[^:]*:(.*)$/s.exec(Buffer.from(pair, 'base64').toString())?.[1];
}
