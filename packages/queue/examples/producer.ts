// Enqueues one job, one delayed job and many; an id of yours makes enqueue idempotent.
import { createProducer, defineQueue, isQueueError } from '@nines/queue';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const orders = defineQueue<{ sku: string }>({ name: 'example-producer' });
const producer = createProducer(orders, { redis });

const id = `order-${Date.now()}`;
console.log(await producer.enqueue({ sku: 'A-1' }, { id }));
console.log(await producer.enqueue({ sku: 'A-1' }, { id })); // the same id: created is false
console.log(await producer.enqueue({ sku: 'A-2' }, { delayMs: 60_000 }));

for (const result of await producer.enqueueMany([{ sku: 'B-1' }, { sku: 'B-2' }])) {
  if (result.status === 'fulfilled') console.log('enqueued', result.value.id);
  else if (isQueueError(result.reason)) console.log('refused', result.reason.code, result.reason.retryAfterMs);
}
await producer.close();
redis.disconnect();
