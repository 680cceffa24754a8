import type { FastifyInstance } from 'fastify';
import { createInspector, createProducer } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import type { Telemetry } from '@nines/telemetry';
import { trackServer } from '@nines/telemetry/lifecycle';
import { httpServerMetrics } from '@nines/telemetry/metrics';
import { readApiConfig, type ApiConfig } from '../config.ts';
import { deliveriesQueue, redisClient } from '../queue.ts';
import { runService } from '../service.ts';
import { createAdmin } from './admin.ts';
import { createApp } from './app.ts';

async function startApi(config: ApiConfig, { logger, metrics, health, lifecycle }: Telemetry): Promise<void> {
  const { http, admin } = config;
  const queue = deliveriesQueue(config.queue);
  const redis = redisClient(config.redisUrl, config.redisCa);
  const producer = createProducer(queue, { redis, metrics: prometheus(metrics), enqueueTimeoutMs: http.enqueueTimeoutMs });
  const inspector = createInspector(queue, { redis, connectTimeoutMs: http.enqueueTimeoutMs });
  lifecycle.onShutdown('close', 'queue', () => Promise.all([producer.close(), inspector.close()]));
  // Without Redis the api still answers, 503 at once; it just is not ready.
  // Unready together, the apis would leave their callers to a load balancer that has nobody to ask: each refuses for itself, and says when to return.
  health.check('redis', () => inspector.counts(), { intervalMs: 2000, readiness: false });

  const serve = async (app: FastifyInstance, address: { host: string; port: number }, message: string) => {
    trackServer(lifecycle, app.server);
    lifecycle.onShutdown('close', message, () => app.close());
    logger.info({ url: await app.listen({ host: address.host, port: address.port }) }, message);
  };
  if (admin !== undefined) await serve(createAdmin(admin.token, { queue, redis, inspector, http, logger }), admin, 'admin listening');
  await serve(createApp({ producer, inspector, config, logger, metrics: httpServerMetrics(metrics) }), http, 'listening');
}

await runService('api', readApiConfig, startApi);
