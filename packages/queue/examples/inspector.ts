// Looks at a queue without touching it: how many jobs are in each state, and what became of one.
import { createInspector, createProducer, defineQueue } from '@nines/queue';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const orders = defineQueue<{ sku: string }>({ name: 'example-inspector' });
const producer = createProducer(orders, { redis });
const inspector = createInspector(orders, { redis });

const { id } = await producer.enqueue({ sku: 'A-1' }, { delayMs: 1_000 });
console.log(await inspector.counts());
console.log(await inspector.get(id));
console.log(await inspector.get('no-such-job')); // undefined

await inspector.close();
await producer.close();
redis.disconnect();
