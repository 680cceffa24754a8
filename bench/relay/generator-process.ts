import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from './connection.ts';
import type { FromGenerator, Order } from './order.ts';
import { Tally } from './tally.ts';

/**
 * The load of one relay, and the receiver of its events, in a process of its own. Each message is an order: it says when it
 * begins and ends to measure, and reports.
 */
const tell = (message: FromGenerator) => process.send?.(message);
const DELIVERY_WAIT_MS = 30_000;
let tally = new Tally();

const receiver = createServer((request, response) => {
  let body = '';
  request.setEncoding('latin1').on('data', (chunk: string) => (body += chunk));
  request.once('end', () => {
    response.writeHead(204).end();
    tally.receive(body);
  });
});

/** Every connection sends again as soon as it is answered. */
async function saturate(connections: readonly Connection[], ending: AbortSignal): Promise<void> {
  const sent = connections.map(
    (connection) =>
      new Promise<void>((resolve) => {
        const again = () => (ending.aborted ? resolve() : tally.send(connection, performance.now(), again));
        again();
      }),
  );
  await Promise.all(sent);
}

/** Sends at a rate; a request for which no connection is free waits, and its time runs from when it was due. */
async function pace(connections: readonly Connection[], perSecond: number, ending: AbortSignal): Promise<void> {
  const free = [...connections];
  const due: number[] = [];
  const sendDue = () => {
    while (due.length > 0 && free.length > 0) {
      const connection = free.pop()!;
      tally.send(connection, due.shift()!, () => {
        free.push(connection);
        sendDue();
      });
    }
  };
  const start = performance.now();
  for (let count = 0; !ending.aborted; await wait(1)) {
    const wanted = Math.floor(((performance.now() - start) / 1000) * perSecond);
    for (; count < wanted; count += 1) due.push(start + (count * 1000) / perSecond);
    sendDue();
  }
  while (free.length < connections.length || due.length > 0) await wait(1);
}

async function carryOut({ mode, url, perSecond, connections: count, warmMs, measureMs, delivered }: Order): Promise<void> {
  tally = new Tally();
  const ending = new AbortController();
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(url)));
  const sending = mode === 'saturate' ? saturate(connections, ending.signal) : pace(connections, perSecond, ending.signal);
  await wait(warmMs);
  tell({ phase: 'measure' });
  tally.beginMeasuring();
  await wait(measureMs);
  tally.endMeasuring();
  tell({ phase: 'end' });
  ending.abort();
  await sending;
  if (delivered) await tally.allDelivered(DELIVERY_WAIT_MS);
  for (const connection of connections) connection.close();
  tell({ report: tally.report(delivered) });
}

receiver.listen(0, '127.0.0.1');
await once(receiver, 'listening');
process.on('message', (order: Order) => void carryOut(order));
tell({ receiver: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks` });
