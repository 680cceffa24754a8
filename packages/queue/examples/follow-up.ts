// A job that follows from another is enqueued in one step with the acknowledgement, and takes what is left of its deadline along.
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const orders = defineQueue<{ sku: string }>({ name: 'orders' });
const shipments = defineQueue<{ sku: string }>({ name: 'shipments' });

const ship = createConsumer(
  shipments,
  ({ payload }, { remainingMs }) => console.log('shipped', payload.sku, 'in time:', remainingMs() > 0),
  { store },
);
const order = createConsumer(
  orders,
  async ({ payload }, { attempt, enqueue, remainingMs }) => {
    await enqueue(shipments, payload, { deadlineMs: remainingMs() });
    if (attempt === 1) throw new Error('after the enqueue'); // a failed attempt sends nothing
    console.log('ordered', payload.sku, 'attempt', attempt);
  },
  { store },
);
await Promise.all([ship.start(), order.start()]);

await using producer = createProducer(orders, { store });
await producer.enqueue({ sku: 'A-1' }, { deadlineMs: 60_000 });
await store.drain({ delayed: true }); // ordered A-1 attempt 2, then: shipped A-1 in time: true
await Promise.all([ship.stop(), order.stop()]);
