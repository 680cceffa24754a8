// Keeps a second job out by a key: as long as the first has not ended, or for a time.
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const reports = defineQueue<{ account: string }>({ name: 'reports' });
await using producer = createProducer(reports, { store });

const first = await producer.enqueue({ account: 'a-1' }, { deduplicate: { key: 'report:a-1' } });
const again = await producer.enqueue({ account: 'a-1' }, { deduplicate: { key: 'report:a-1' } });
console.log(again.created, again.id === first.id); // false true

const consumer = createConsumer(reports, ({ payload }) => console.log('made', payload.account), { store });
await consumer.start();
await store.drain(); // made a-1
// The first has ended, so its key is free.
console.log((await producer.enqueue({ account: 'a-1' }, { deduplicate: { key: 'report:a-1' } })).created); // true

// At most one mail an hour, also when the first is long sent.
const hourly = { deduplicate: { key: 'mail:a-1', ttlMs: 3_600_000 } };
await producer.enqueue({ account: 'a-1' }, hourly);
await store.drain();
console.log((await producer.enqueue({ account: 'a-1' }, hourly)).created); // false
store.advance(3_600_000);
console.log((await producer.enqueue({ account: 'a-1' }, hourly)).created); // true
await consumer.stop();
