import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createConsumer, createProducer, DeadLetterError, defineQueue } from '@nines/queue';
import { queueConsole } from '@nines/queue/console';
import { memoryStore } from '@nines/queue/testing';
import { startChromium } from '../browser/chromium.ts';
import { ROOT } from '../workspace/packages.ts';

/** Run by hand with `npm run page:screenshots` when the page looks different: writes the pictures of docs/guides/queue-console.md. */
const store = memoryStore();
const orders = defineQueue<{ sku: string }>({ name: 'orders' });
const mails = defineQueue<string>({ name: 'mails' });

const toOrders = createProducer(orders, { store });
for (const id of ['order-4711', 'order-4716', 'order-4723']) await toOrders.enqueue({ sku: 'A-1' }, { id });
const consumer = createConsumer(
  orders,
  () => {
    throw new DeadLetterError('402 Payment Required: the card was refused');
  },
  { store },
);
await consumer.start();
await store.drain();
await consumer.stop();
const toMails = createProducer(mails, { store });
await toMails.enqueueMany(Array.from({ length: 240 }, () => 'ada@example.com'));
await toOrders.enqueue({ sku: 'B-2' }, { delayMs: 60_000 });

const page = queueConsole([orders, mails], { store, authorize: () => 'operate', refreshMs: 500 });
const server = createServer(page);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await startChromium();
const tab = await browser.newPage({ viewport: { width: 1000, height: 700 } });
await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/#queue=orders&state=dead`);
await tab.getByText('as of').waitFor();
for (let round = 0; round < 12; round += 1) {
  await toMails.enqueueMany(Array.from({ length: 20 + round * 3 }, () => 'ada@example.com'));
  await tab.waitForResponse(/api\/state/);
}
await tab.screenshot({ path: join(ROOT, 'docs', 'images', 'queue-console.png') });

await browser.close();
server.closeAllConnections();
server.close();
await Promise.all([page.close(), toOrders.close(), toMails.close()]);
