// A handler that gets many jobs at once, as a bulk insert wants them, and says of each what became of it.
import { createBatchConsumer, createProducer, DeadLetterError, defineQueue } from '@nines/queue';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const events = defineQueue<{ user: number }>({ name: 'example-batches' });

const producer = createProducer(events, { redis });
// Each job may have options of its own.
const users = [1, 2, 3].map((user) => ({ user }));
const results = await producer.enqueueMany(users, ({ user }) => ({ id: `user-${user}` }));
console.log(results.map(({ status }) => status)); // [ 'fulfilled', 'fulfilled', 'fulfilled' ]

const done = Promise.withResolvers<void>();
const consumer = createBatchConsumer(
  events,
  async (jobs) => {
    console.log('a batch of', jobs.length); // a batch of 3
    if (jobs.length === 3) done.resolve();
    // One settled result for each job; returning nothing acknowledges all, throwing retries all.
    return Promise.allSettled(
      jobs.map(async ({ payload }) => {
        if (payload.user === 2) throw new DeadLetterError('no such user');
      }),
    );
  },
  { redis, size: 100, lingerMs: 50 },
);
await consumer.start();
await done.promise;
console.log(await consumer.stop());
await producer.close();
redis.disconnect();
