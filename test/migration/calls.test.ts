import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as opossumAfter from './opossum/after.ts';
import * as opossumBefore from './opossum/before.ts';
import * as pRetryAfter from './p-retry/after.ts';
import * as pRetryBefore from './p-retry/before.ts';
import { UnknownArticle, type Stock } from './stock.ts';

/** An inventory that can be told to fail, and counts what it is asked. */
class Inventory {
  url = '';
  asked = 0;
  /** How many of the next requests fail. */
  failing = 0;
  /** Told of a request that is not answered. */
  onHeld: ((response: ServerResponse) => void) | undefined;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.asked += 1;
      this.failing -= 1;
      if (this.onHeld !== undefined) this.onHeld(response);
      else if (this.failing >= 0) response.writeHead(503).end();
      else if (request.url === '/stock/A-1') response.end('7');
      else response.writeHead(404).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}

async function start(create: (inventory: Inventory) => Stock): Promise<{ inventory: Inventory; stock: Stock }> {
  const inventory = new Inventory();
  await inventory.start();
  const stock = create(inventory);
  onTestFinished(() => stock.stop());
  return { inventory, stock };
}

const never = 3_600_000;

describe.for([
  ['opossum, before', opossumBefore],
  ['opossum, after', opossumAfter],
] as const)('%s', ([, { createStock }]) => {
  test('an inventory that fails is asked no more, and callers get an answer at once', async () => {
    const states: string[] = [];
    const { inventory, stock } = await start(({ url }) => createStock({ url, openMs: never, report: (state) => states.push(state) }));
    inventory.failing = Number.POSITIVE_INFINITY;
    for (let call = 0; call < 10; call += 1) expect(await stock.of('A-1')).toBe(0);
    expect(inventory.asked).toBeLessThanOrEqual(5);
    expect(states).toEqual(['open']);
  });

  test('an inventory that is back is asked again', async () => {
    const states: string[] = [];
    const { inventory, stock } = await start(({ url }) => createStock({ url, openMs: 20, report: (state) => states.push(state) }));
    inventory.failing = Number.POSITIVE_INFINITY;
    while (states.length === 0) await stock.of('A-1');
    inventory.failing = 0;
    await expect.poll(() => stock.of('A-1')).toBe(7);
    expect(states.at(-1)).toBe('closed');
  });

  test('an article that is not there is told of, however often, and is no failure of the inventory', async () => {
    const states: string[] = [];
    const { inventory, stock } = await start(({ url }) => createStock({ url, openMs: never, report: (state) => states.push(state) }));
    for (let call = 0; call < 10; call += 1) await expect(stock.of('B-2')).rejects.toThrow(UnknownArticle);
    expect(await stock.of('A-1')).toBe(7);
    expect({ states, asked: inventory.asked }).toEqual({ states: [], asked: 11 });
  });
});

test('opossum, after: a caller who leaves ends the call', async () => {
  const { inventory, stock } = await start(({ url }) => opossumAfter.createStock({ url, openMs: never, report: () => {} }));
  const controller = new AbortController();
  const cause = new Error('the caller left');
  inventory.onHeld = () => controller.abort(cause);
  await expect(stock.of('A-1', controller.signal)).rejects.toMatchObject({ code: 'ABORTED', cause });
});

describe.for([
  ['p-retry, before', pRetryBefore],
  ['p-retry, after', pRetryAfter],
] as const)('%s', ([, { createStock }]) => {
  test('a call that fails by chance is repeated until it is answered', async () => {
    const { inventory, stock } = await start(createStock);
    inventory.failing = 2;
    expect(await stock.of('A-1')).toBe(7);
    expect(inventory.asked).toBe(3);
  });

  test('a call is made three times in all', async () => {
    const { inventory, stock } = await start(createStock);
    inventory.failing = Number.POSITIVE_INFINITY;
    await expect(stock.of('A-1')).rejects.toThrow();
    expect(inventory.asked).toBe(3);
  });

  test('an article that is not there is asked for once', async () => {
    const { inventory, stock } = await start(createStock);
    await expect(stock.of('B-2')).rejects.toThrow(UnknownArticle);
    expect(inventory.asked).toBe(1);
  });

  test('a caller who leaves ends the call', async () => {
    const { inventory, stock } = await start(createStock);
    const controller = new AbortController();
    inventory.onHeld = () => controller.abort(new Error('the caller left'));
    await expect(stock.of('A-1', controller.signal)).rejects.toThrow(/caller/);
    expect(inventory.asked).toBe(1);
  });
});
