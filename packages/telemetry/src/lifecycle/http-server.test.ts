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
    ['stop-accepting', 'done'],
    ['drain', 'done'],
    ['close', 'done'],
  ]);
});

test('a server that never listened holds nothing up', async () => {
  const lifecycle = createLifecycle();
  trackServer(lifecycle, createServer());
  expect((await lifecycle.shutdown()).clean).toBe(true);
});
