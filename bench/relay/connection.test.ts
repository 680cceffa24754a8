import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Connection } from './connection.ts';
import { percentiles } from './order.ts';

/** A server that answers each request with the next pieces, one write each, and the last one by closing. */
async function serverOf(answers: readonly (readonly string[])[]): Promise<string> {
  const left = [...answers];
  const server = createServer((socket) => {
    const writeOn = (pieces: readonly string[]) => {
      const [first, ...rest] = pieces;
      if (first !== undefined) socket.write(first, () => setImmediate(writeOn, rest));
    };
    socket.setNoDelay(true).on('data', () => {
      const pieces = left.shift();
      if (pieces === undefined) socket.destroy();
      else writeOn(pieces);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a connection reads answers in pieces, without a body, and tells when it is closed', async () => {
  const url = await serverOf([['HTTP/1.1 202 Accepted\r\nContent-Le', 'ngth: 5\r\n\r\n12', '345'], ['HTTP/1.1 204 No Content\r\n\r\n']]);
  const connection = await Connection.open(url);
  const ask = () => new Promise((resolve) => connection.send('GET / HTTP/1.1\r\n\r\n', (status, body) => resolve({ status, body })));
  expect(await ask()).toEqual({ status: 202, body: '12345' });
  expect(await ask()).toEqual({ status: 204, body: '' });
  expect(await ask()).toEqual({ status: 0, body: '' });
  expect(await ask()).toEqual({ status: 0, body: '' });
});

test('percentiles are values that were seen', () => {
  expect(percentiles(Array.from({ length: 200 }, (_, at) => 200 - at))).toEqual({ p50Ms: 101, p99Ms: 199 });
  expect(percentiles([3])).toEqual({ p50Ms: 3, p99Ms: 3 });
  expect(percentiles([])).toEqual({ p50Ms: 0, p99Ms: 0 });
});
