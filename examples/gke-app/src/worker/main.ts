import { createConsumer, createInspector } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import type { Telemetry } from '@nines/telemetry';
import { readWorkerConfig, type WorkerConfig } from '../config.ts';
import { deliveriesQueue, redisClient } from '../queue.ts';
import { runService } from '../service.ts';
import { createDeliver } from './deliver.ts';
import { createPipelines } from './pipelines.ts';

async function startWorker(config: WorkerConfig, { logger, metrics, health, lifecycle }: Telemetry): Promise<void> {
  const { destinations, secret, concurrency } = config;
  const queue = deliveriesQueue(config.queue);
  const redis = redisClient(config.redisUrl, config.redisCa);
  const pipelines = createPipelines(destinations, config.delivery, metrics);
  const deliver = createDeliver({ destinations, pipelines, secret, logger });
  const consumer = createConsumer(queue, deliver, {
    redis,
    concurrency,
    metrics: prometheus(metrics),
    onError: (error) => logger.warn({ code: error.code, reason: error.message }, 'queue trouble'),
  });
  const inspector = createInspector(queue, { redis });

  // Claims no more and waits for what runs; a second stays for handing back what does not end.
  lifecycle.onShutdown('drain', 'consumer', async ({ remainingMs }) => {
    logger.info(await consumer.stop({ timeoutMs: Math.max(0, Math.floor(remainingMs) - 1000) }), 'drained');
  });
  lifecycle.onShutdown('close', 'queue', () => inspector.close());

  await consumer.start();
  health.check('redis', () => inspector.counts(), { intervalMs: 2000 });
  logger.info('consuming');
}

// No traffic is routed to a worker, so there is nobody to wait for before it stops claiming.
// A Spot node of Google gives its pods 15 s, whatever grace they ask for: in 14 s the work is handed back and the last spans are written.
await runService('worker', readWorkerConfig, startWorker, { shutdown: { drainDelayMs: 0, deadlineMs: 14_000 } });
