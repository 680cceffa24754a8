import { closeAtEnd, jobs, logger, queueTelemetry, requests } from './telemetry.ts';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createApp } from './app.ts';
import { readDestinations, type Delivery } from './event.ts';

/** The example's api with bullmq: attempts, waits and what is kept are those of the example. */
const connection = new Redis(process.env['REDIS_URL'] ?? '', { maxRetriesPerRequest: 1, enableOfflineQueue: false, lazyConnect: true });
await connection.connect();
const queue = new Queue<Delivery>('deliveries', {
  connection,
  ...queueTelemetry,
  defaultJobOptions: {
    attempts: 20,
    backoff: { type: 'exponential', delay: 500 },
    removeOnComplete: { age: 3600, count: 10_000 },
  },
});

const app = createApp({
  destinations: readDestinations(process.env['DESTINATIONS'] ?? ''),
  async accept(delivery, bytes) {
    const { id = '' } = await queue.add('delivery', delivery);
    const { destination, type } = delivery;
    jobs.inc({ outcome: 'accepted' });
    logger.info({ jobId: id, destination, type, bytes }, 'accepted');
    return id;
  },
});
app.addHook('onResponse', async (request, reply) => {
  const labels = { method: request.method, route: request.routeOptions.url ?? '', status: reply.statusCode };
  requests.observe(labels, reply.elapsedTime / 1000);
});

const url = await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 0) });
logger.info({ url }, 'listening');
closeAtEnd(async () => {
  await app.close();
  await queue.close();
  await connection.quit();
});
