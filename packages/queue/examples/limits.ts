// A rate and a cap that hold over all consumers of a queue, in whichever process they are.
import { createConsumer, createInspector, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const calls = defineQueue<number>({
  name: 'calls',
  rateLimit: { count: 3, perMs: 60_000 }, // three a minute, and three at once after a pause
  globalConcurrency: 2,
});

await using producer = createProducer(calls, { store });
await producer.enqueueMany([1, 2, 3, 4, 5]);

await using inspector = createInspector(calls, { store });
const first = Promise.withResolvers<void>();
const consumer = createConsumer(
  calls,
  ({ payload }) => {
    console.log('call', payload);
    if (payload === 3) first.resolve();
  },
  { store, concurrency: 16 },
);
await consumer.start();
await first.promise;
console.log('still waiting', (await inspector.counts()).waiting); // 2
await store.drain({ delayed: true }); // moves time on by 20 s for each of the others
await consumer.stop();
