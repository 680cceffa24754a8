// Classes of priority, 0 to 9: a higher one goes before all lower ones, and 4 is that of a job which says nothing.
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const mails = defineQueue<string>({ name: 'mails' });

await using producer = createProducer(mails, { store });
await producer.enqueue('newsletter', { priority: 1 });
await producer.enqueue('receipt');
await producer.enqueue('password reset', { priority: 9 });

const consumer = createConsumer(mails, ({ payload }) => console.log(payload), { store, concurrency: 1 });
await consumer.start();
await store.drain(); // password reset, receipt, newsletter
await consumer.stop();
