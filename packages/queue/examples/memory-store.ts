// A unit test of code that enqueues and consumes, without Redis and without waiting: time is yours.
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const reminders = defineQueue<{ to: string }>({ name: 'reminders' });

const consumer = createConsumer(
  reminders,
  ({ payload }, { attempt }) => {
    if (attempt === 1) throw new Error('the first one fails');
    console.log('reminded', payload.to);
  },
  { store },
);
await consumer.start();
await using producer = createProducer(reminders, { store });
await producer.enqueue({ to: 'ada@example.com' }, { id: 'r1', delayMs: 86_400_000 });

await store.drain();
console.log((await store.jobs(reminders)).map(({ id, state }) => `${id} ${state}`)); // [ 'r1 delayed' ]

store.advance(86_400_000);
await store.drain();
console.log((await store.jobs(reminders)).map(({ failedAttempts, lastError }) => [failedAttempts, lastError])); // [ [ 1, 'Error: the first one fails' ] ]

await store.drain({ delayed: true }); // reminded ada@example.com
console.log(store.unfinished); // 0
await consumer.stop();
