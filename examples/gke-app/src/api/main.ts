import { createInspector, createProducer } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import { trackServer } from '@nines/telemetry/lifecycle';
import { httpServerMetrics } from '@nines/telemetry/metrics';
import { readApiConfig } from '../config.ts';
import { deliveriesQueue, redisClient } from '../queue.ts';
import { runService } from '../service.ts';
import { createApp } from './app.ts';

await runService(
  'api',
  readApiConfig,
  async ({ redisUrl, queue: settings, http, destinations }, { logger, metrics, health, lifecycle }) => {
    const queue = deliveriesQueue(settings);
    const redis = redisClient(redisUrl);
    const producer = createProducer(queue, { redis, metrics: prometheus(metrics), enqueueTimeoutMs: http.enqueueTimeoutMs });
    const inspector = createInspector(queue, { redis });

    const app = createApp({ producer, inspector, destinations, maxEventBytes: settings.maxEventBytes, logger });
    httpServerMetrics(metrics).fastify(app);
    trackServer(lifecycle, app.server);
    lifecycle.onShutdown('close', 'queue', () => Promise.all([producer.close(), inspector.close()]));

    // Without Redis the api still answers, 503 at once; it just is not ready.
    health.check('redis', () => inspector.counts(), { intervalMs: 2000 });
    const url = await app.listen({ host: http.host, port: http.port });
    logger.info({ url }, 'listening');
  },
);
