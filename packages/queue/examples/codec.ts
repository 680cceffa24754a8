// Changes the bytes of every body on their way to Redis and back; here they are compressed. An id that is in use tells whether it means the same.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const pages = defineQueue<{ text: string }>({
  name: 'pages',
  maxBodyBytes: 1_000, // counted after the codec
  codec: { encode: promisify(gzip), decode: promisify(gunzip) },
});

await using producer = createProducer(pages, { store });
const text = 'nines '.repeat(10_000);
const first = await producer.enqueue({ text }, { id: 'page-1' });
const again = await producer.enqueue({ text }, { id: 'page-1' });
const other = await producer.enqueue({ text: 'other' }, { id: 'page-1' });
for (const { created, sameBody } of [first, again, other]) console.log({ created, sameBody });

const consumer = createConsumer(pages, ({ payload }) => console.log(payload.text.length, 'characters'), { store });
await consumer.start();
await store.drain(); // 60000 characters
await consumer.stop();
