// Runs jobs until SIGTERM, then stops in order: claims no more, hands back what has not started, waits for what runs.
import { createConsumer, createProducer, DeadLetterError, defineQueue, RetryLaterError } from '@nines/queue';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const calls = defineQueue<{ url: string }>({ name: 'example-consumer', attemptTimeoutMs: 5_000 });

const consumer = createConsumer(
  calls,
  async ({ payload, id }, { signal, attempt }) => {
    const response = await fetch(payload.url, { method: 'POST', signal, headers: { 'idempotency-key': id } });
    console.log(`attempt ${attempt}: ${response.status}`);
    if (response.status === 410) throw new DeadLetterError('gone for good');
    if (response.status === 429) throw new RetryLaterError('asked for patience', { delayMs: 30_000, countsAsAttempt: false });
    if (!response.ok) throw new Error(`status ${response.status}`); // retried with the queue's backoff
  },
  { redis, concurrency: 8, onError: (error) => console.error(error.code, error.message) },
);
await consumer.start();

const producer = createProducer(calls, { redis });
await producer.enqueue({ url: 'http://127.0.0.1:9/' });
await producer.close();

async function stop(): Promise<void> {
  console.log(await consumer.stop({ timeoutMs: 20_000 }));
  redis.disconnect();
}

process.once('SIGTERM', () => void stop());
console.log('running; stop me with SIGTERM');
