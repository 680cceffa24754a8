import { closeAtEnd, jobs, logger, queueTelemetry } from './telemetry.ts';
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import { Webhook } from 'standardwebhooks';
import { readDestinations, type Delivery } from './event.ts';

/** The example's worker with bullmq, p-retry round opossum, and a signature by the published library. */
const destinations = readDestinations(process.env['DESTINATIONS'] ?? '');
const webhook = new Webhook(process.env['WEBHOOK_SECRET'] ?? '');

async function post(id: string, { destination, body }: Delivery): Promise<void> {
  const now = new Date();
  const response = await fetch(destinations.get(destination) ?? '', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': webhook.sign(id, now, body),
    },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(5000),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${destination} answered ${response.status}`);
}

const breaker = new CircuitBreaker(post, { timeout: 5000, volumeThreshold: 5, errorThresholdPercentage: 50, resetTimeout: 5000 });

async function deliver({ id = '', data, attemptsMade }: Job<Delivery>): Promise<void> {
  const { destination, type } = data;
  try {
    await pRetry(() => breaker.fire(id, data), { retries: 1, minTimeout: 100, maxTimeout: 500 });
    jobs.inc({ outcome: 'delivered' });
    logger.info({ jobId: id, destination, type, attempt: attemptsMade + 1 }, 'delivered');
  } catch (error) {
    jobs.inc({ outcome: 'failed' });
    logger.warn({ jobId: id, destination, type, attempt: attemptsMade + 1, reason: (error as Error).message }, 'not delivered');
    throw error;
  }
}

const connection = new Redis(process.env['REDIS_URL'] ?? '', { maxRetriesPerRequest: null });
const concurrency = Number(process.env['CONCURRENCY'] ?? 16);
const worker = new Worker<Delivery>('deliveries', deliver, { connection, concurrency, ...queueTelemetry });
await worker.waitUntilReady();
logger.info('consuming');
closeAtEnd(async () => {
  await worker.close();
  connection.disconnect();
});
