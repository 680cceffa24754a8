import { createInspector, createProducer } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import type { Telemetry } from '@nines/telemetry';
import { trackServer } from '@nines/telemetry/lifecycle';
import { httpServerMetrics } from '@nines/telemetry/metrics';
import { readApiConfig, type ApiConfig } from '../config.ts';
import { deliveriesQueue, redisClient } from '../queue.ts';
import { runService } from '../service.ts';
import { createApp } from './app.ts';

async function startApi(config: ApiConfig, { logger, metrics, health, lifecycle }: Telemetry): Promise<void> {
  const { destinations, http } = config;
  const queue = deliveriesQueue(config.queue);
  const redis = redisClient(config.redisUrl);
  const producer = createProducer(queue, { redis, metrics: prometheus(metrics), enqueueTimeoutMs: http.enqueueTimeoutMs });
  const inspector = createInspector(queue, { redis, connectTimeoutMs: http.enqueueTimeoutMs });

  const app = createApp({ producer, inspector, destinations, maxEventBytes: config.queue.maxEventBytes, logger });
  httpServerMetrics(metrics).fastify(app);
  trackServer(lifecycle, app.server);
  lifecycle.onShutdown('close', 'queue', () => Promise.all([producer.close(), inspector.close()]));

  // Without Redis the api still answers, 503 at once; it just is not ready.
  health.check('redis', () => inspector.counts(), { intervalMs: 2000 });
  const url = await app.listen({ host: http.host, port: http.port });
  logger.info({ url }, 'listening');
}

await runService('api', readApiConfig, startApi);
