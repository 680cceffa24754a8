// A page that shows queues as they are now; those whom `authorize` lets in redrive dead letters, pause and resume.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProducer, defineQueue } from '@nines/queue';
import { queueConsole } from '@nines/queue/console';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const orders = defineQueue<{ sku: string }>({ name: 'example-console' });
const producer = createProducer(orders, { redis });
await producer.enqueue({ sku: 'A-1' }, { delayMs: 1_000 });

const page = queueConsole([orders], {
  redis,
  // Your own authentication runs before; here a header of its proxy says who it is.
  authorize: ({ headers }) => (headers['x-forwarded-user'] === undefined ? false : 'operate'),
  onAction: ({ action, queue, ids }) => console.log(action, queue, ids),
});
const server = createServer(page);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const asAda = { headers: { 'x-forwarded-user': 'ada' } };
console.log((await fetch(url)).status); // 403
console.log((await fetch(url, asAda)).status); // 200: the page, for a browser
console.log(await (await fetch(`${url}/api/state`, asAda)).json());

server.closeAllConnections();
server.close();
await Promise.all([page.close(), producer.close()]);
redis.disconnect();
