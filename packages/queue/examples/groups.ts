// Jobs of a group run one at a time and in order, and groups take turns: a customer with many jobs delays no other.
import { createConsumer, createProducer, defineQueue, fixed } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const changes = defineQueue<string>({ name: 'changes', backoff: fixed(1_000) });

await using producer = createProducer(changes, { store });
for (const step of ['created', 'paid', 'shipped']) await producer.enqueue(`order 1 ${step}`, { groupId: 'order-1' });
await producer.enqueue('order 2 created', { groupId: 'order-2' });

const consumer = createConsumer(
  changes,
  ({ payload }, { attempt }) => {
    console.log(payload, `(attempt ${attempt})`);
    // Its group waits for the retry; the other one does not.
    if (payload === 'order 1 paid' && attempt === 1) throw new Error('the bank is closed');
  },
  { store },
);
await consumer.start();
await store.drain({ delayed: true }); // order 1 created, order 2 created, order 1 paid (twice), order 1 shipped
await consumer.stop();
