import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { trackServer } from './http-server.ts';
import { createLifecycle } from './lifecycle.ts';

test('an idle keep-alive connection is closed, the request in flight is finished with Connection: close', async () => {
  const lifecycle = createLifecycle();
  const held = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const ready = request.url === '/held' ? held.promise : Promise.resolve();
    void ready.then(() => response.end('done'));
  });
  trackServer(lifecycle, server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const options = { port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent };
  const [idle] = (await once(get({ ...options, path: '/idle' }), 'response')) as [IncomingMessage];
  const idleClosed = once(idle.socket, 'close');
  idle.resume();
  await once(idle, 'end');
  const busy = get({ ...options, path: '/held', agent: new Agent({ keepAlive: true }) });
  const answered = once(busy, 'response') as Promise<[IncomingMessage]>;
  await once(server, 'request');
  const report = lifecycle.shutdown();
  await idleClosed;
  expect(server.listening).toBe(false);
  held.resolve();
  const [answer] = await answered;
  expect(answer.headers.connection).toBe('close');
  answer.resume();
  expect((await report).steps.map((step) => [step.phase, step.outcome])).toEqual([
    ['unready', 'done'],
    ['stop-accepting', 'done'],
    ['drain', 'done'],
    ['close', 'done'],
  ]);
});

test('while the load balancer is waited for, every response asks its client to leave, and the next connection is served', async () => {
  const paused = Promise.withResolvers<void>();
  const lifecycle = createLifecycle();
  lifecycle.onShutdown('drain-delay', 'load balancer', () => paused.promise);
  const server = createServer((_request, response) => response.end('done'));
  trackServer(lifecycle, server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = async () => {
    const [answer] = (await once(get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent }), 'response')) as [
      IncomingMessage,
    ];
    const { localPort } = answer.socket;
    await once(answer.resume(), 'end');
    return { connection: answer.headers.connection, localPort };
  };
  const [first, second] = [await ask(), await ask()];
  expect(second).toEqual(first);
  expect(first.connection).toBe('keep-alive');

  const report = lifecycle.shutdown();
  const [last, next] = [await ask(), await ask()];
  expect([last.connection, next.connection]).toEqual(['close', 'close']);
  expect(last.localPort).toBe(first.localPort);
  expect(next.localPort).not.toBe(last.localPort);
  paused.resolve();
  expect((await report).clean).toBe(true);
});

test('a server that never listened holds nothing up', async () => {
  const lifecycle = createLifecycle();
  trackServer(lifecycle, createServer());
  expect((await lifecycle.shutdown()).clean).toBe(true);
});
