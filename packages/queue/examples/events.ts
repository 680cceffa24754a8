// What happens to jobs: of this consumer, and of all processes. Each event is told at most once, so count by metrics.
import { createConsumer, createEvents, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const mails = defineQueue<{ to: string }>({ name: 'mails', events: true, maxAttempts: 2, backoff: () => 0 });

await using events = createEvents(mails, { store }); // { redis } in another process
await events.ready();
events.on('dead', ({ id, reason }) => console.log('somewhere:', id, reason));
events.on('missed', () => console.log('the connection was away: look by an inspector'));

const consumer = createConsumer(
  mails,
  ({ payload }) => {
    if (payload.to === 'nobody') throw new Error('no such mailbox');
  },
  { store },
);
const off = consumer.on('retrying', ({ id, delayMs, error }) => console.log('here:', id, 'again in', delayMs, 'ms after', error));
consumer.on('completed', ({ id }) => console.log('here:', id, 'is done'));
await consumer.start();

await using producer = createProducer(mails, { store });
await producer.enqueue({ to: 'ada@example.com' }, { id: 'mail-1' });
await producer.enqueue({ to: 'nobody' }, { id: 'mail-2' });
await store.drain({ delayed: true });
off();
await consumer.stop();
