// Cancels a job that has not begun, and one that runs.
import { setTimeout as sleep } from 'node:timers/promises';
import { createConsumer, createInspector, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const exports = defineQueue<{ rows: number }>({ name: 'exports' });
const begun = Promise.withResolvers<void>();
const consumer = createConsumer(
  exports,
  async ({ payload }, { signal }) => {
    begun.resolve();
    await sleep(payload.rows, undefined, { signal }); // whatever takes the signal ends with it
  },
  { store, concurrency: 1 },
);
consumer.on('cancelled', ({ id }) => console.log('ended', id));

await using producer = createProducer(exports, { store });
await producer.enqueue({ rows: 1_000_000 }, { id: 'running' });
await producer.enqueue({ rows: 1 }, { id: 'waiting' });
await consumer.start();
await begun.promise;

await using inspector = createInspector(exports, { store });
for (const { id, outcome } of await inspector.cancel({ ids: ['running', 'waiting', 'never'] })) console.log(id, outcome);
await store.drain();
await consumer.stop();
