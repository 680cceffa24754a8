// Looks at a queue (how many jobs are in each state, what became of one), and operates it: pause, resume, redrive.
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

await inspector.pause(); // no process claims until resume; what runs is finished
console.log((await inspector.list('delayed', { limit: 10 })).map((job) => job.id));
console.log(await inspector.redrive({ limit: 100 })); // no dead letters here: []
await inspector.resume();

await inspector.close();
await producer.close();
redis.disconnect();
