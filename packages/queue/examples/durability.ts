// An enqueue that waits until a replica has the job too, and a queue in four parts. Where no replica answers, the job is there all the same.
import { createInspector, createProducer, defineQueue, isQueueError } from '@nines/queue';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const payments = defineQueue<{ cents: number }>({
  name: 'example-durability',
  partitions: 4,
  durability: 'replicated',
  replicas: 1,
  durabilityTimeoutMs: 100,
});
const producer = createProducer(payments, { redis });

const id = `payment-${Date.now()}`;
try {
  console.log('on a replica:', await producer.enqueue({ cents: 1_000 }, { id }));
} catch (error) {
  if (!isQueueError(error)) throw error;
  console.log(error.code, 'retryable:', error.retryable); // repeat it with the same id: it is never there twice
}

const inspector = createInspector(payments, { redis });
console.log((await inspector.get(id))?.state);
await inspector.close();
await producer.close();
redis.disconnect();
