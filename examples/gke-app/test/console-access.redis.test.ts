import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { ChaosSwitch } from '../demo/chaos-switch.ts';
import { startConsole, type Console } from '../demo/console/console.ts';
import { createTraceStore } from '../demo/console/trace-store.ts';
import { objectives } from '../src/objectives.ts';
import { deliveriesQueue, redisClient } from '../src/queue.ts';

const token = randomUUID();

/** A console of nothing: what it lets in is the same. */
async function bareConsole(switches: readonly ChaosSwitch[] = []): Promise<Console> {
  const traces = await createTraceStore();
  const redis = redisClient(inject('redisUrl'));
  const settings = { leaseMs: 1000, maxWaiting: 10, maxEventBytes: 1000, retryMinMs: 50, retryMaxMs: 500 };
  const queue = deliveriesQueue({ namespace: `test-${randomUUID()}`, ...settings });
  const console = await startConsole({ token, port: 0, queue, redis, processes: () => [], objectives, switches, traces });
  onTestFinished(async () => {
    await console.close();
    redis.disconnect();
    await traces.close();
  });
  return console;
}

async function cookieOf({ loginUrl }: Console): Promise<string> {
  const response = await fetch(loginUrl, { redirect: 'manual' });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

const json = (body: unknown, headers: Record<string, string>) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

test('the token of the printed address becomes a cookie that no script reads and no other site sends; the page holds no token', async () => {
  const board = await bareConsole();
  const login = await fetch(board.loginUrl, { redirect: 'manual' });
  expect([login.status, login.headers.get('location')]).toEqual([303, '/']);
  expect(login.headers.get('set-cookie')).toMatch(/^console-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(login.headers.get('set-cookie')).not.toContain(token);
  const page = await fetch(board.url, { headers: { cookie: await cookieOf(board) } });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(await page.text()).not.toMatch(/style="|<script>|https?:|\son[a-z]+="/);
});

test.each([
  ['/', {}],
  ['/page/main.ts', {}],
  ['/api/stream', { authorization: 'Bearer wrong' }],
  ['/api/traces?show=newest', { cookie: 'console-1=wrong' }],
  ['/queues/', {}],
  ['/queues/api/state', {}],
  ['/login?token=wrong', {}],
  ['/login', {}],
] as const)('%s is refused with 401 to whoever has no token', async (path, headers) => {
  const board = await bareConsole();
  const response = await fetch(`${board.url}${path}`, { headers, redirect: 'manual' });
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect(response.headers.get('set-cookie')).toBe(null);
  expect(await response.json()).toEqual({ error: expect.stringContaining('token') as string });
});

test('a name that somebody else made to point here is refused, whatever the token', async () => {
  const board = await bareConsole();
  const { port } = new URL(board.url);
  const status = async (host: string) => {
    const sent = request({ port, host: '127.0.0.1', path: '/', headers: { host, authorization: `Bearer ${token}` } }).end();
    const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };
  expect(await Promise.all(['evil.example', `127.0.0.1.evil.example:${port}`].map(status))).toEqual([421, 421]);
  expect(await Promise.all([`127.0.0.1:${port}`, `localhost:${port}`, '[::1]:80'].map(status))).toEqual([200, 200, 200]);
});

test('only the page itself changes anything with the cookie; a program may with the token', async () => {
  let on = false;
  const board = await bareConsole([
    { id: 'one', title: 'One', expect: '', kind: 'switch', on: () => on, set: async (wanted) => void (on = wanted) },
  ]);
  const cookie = await cookieOf(board);
  const flip = async (headers: Record<string, string>) =>
    (await fetch(`${board.url}/api/switch`, json({ id: 'one', on: true }, headers))).status;
  expect(await flip({ cookie })).toBe(403);
  expect(await flip({ cookie, origin: 'http://evil.example' })).toBe(403);
  expect(await flip({ cookie, origin: board.url, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(on).toBe(false);
  expect(await flip({ cookie, origin: board.url })).toBe(200);
  expect(on).toBe(true);
  expect(await flip({ authorization: `Bearer ${token}` })).toBe(200);
});

test.each([
  ['/api/switch', { id: 'none', on: true }, 404, 'id must be one of: broken'],
  ['/api/switch', { id: 'broken', on: 'yes' }, 400, 'on must be true or false'],
  ['/api/switch', { id: 'broken', on: true }, 502, 'Broken: it is stuck'],
  ['/api/switch', '{', 400, 'the body must be a JSON object'],
  ['/api/switch', '[]', 400, 'the body must be a JSON object'],
  ['/api/switch', 'x'.repeat(200_000), 413, 'the body may have 100000 bytes'],
  ['/api/redrive', {}, 400, 'the body must hold the id of a dead letter, or all: true'],
  ['/api/redrive', { id: 'a b' }, 400, 'the body must hold the id of a dead letter, or all: true'],
  ['/api/elsewhere', {}, 404, 'there is nothing to change here'],
] as const)('POST %s with %j is answered %i', async (path, body, status, error) => {
  const stuck = async () => {
    throw new Error('it is stuck');
  };
  const board = await bareConsole([{ id: 'broken', title: 'Broken', expect: '', kind: 'switch', on: () => false, set: stuck }]);
  const response = await fetch(`${board.url}${path}`, json(body, { authorization: `Bearer ${token}` }));
  expect([response.status, await response.json()]).toEqual([status, { error }]);
});

test.each([
  ['/api/traces?show=all', 400],
  ['/api/traces', 400],
  ['/api/trace?id=unknown', 404],
  ['/page/tsconfig.json', 404],
  ['/page/../console.ts', 404],
  ['/nowhere', 404],
] as const)('GET %s is answered %i', async (path, status) => {
  const board = await bareConsole();
  expect((await fetch(`${board.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(status);
});

test('a stream begins with what was seen before, goes on with figures, and there are no more than sixteen', async () => {
  const board = await bareConsole();
  const open = () => fetch(`${board.url}/api/stream`, { headers: { authorization: `Bearer ${token}` } });
  const streams = await Promise.all(Array.from({ length: 16 }, open));
  expect((await open()).status).toBe(503);
  const reader = streams[0]!.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!/event: board\ndata: .*\n\n/.test(text)) text += (await reader.read()).value ?? '';
  expect(text).toMatch(/^retry: 2000\n\nevent: greeting\ndata: {"history":\[\]/);
  const { queue, source, objectives } = JSON.parse(/event: board\ndata: (.*)/.exec(text)?.[1] ?? '') as Record<string, unknown>;
  expect({ queue, source }).toMatchObject({ queue: { waiting: 0, dead: 0, paused: false }, source: 'counters' });
  expect(objectives).toHaveLength(4);
  await Promise.all([reader.cancel(), ...streams.slice(1).map((one) => one.body?.cancel())]);
  await expect.poll(async () => (await open()).status).toBe(200);
});

test('a token that can be guessed, and a port that is taken, are refused', async () => {
  const board = await bareConsole();
  const traces = await createTraceStore();
  const redis = redisClient(inject('redisUrl'));
  const queue = deliveriesQueue({ namespace: 'n', leaseMs: 1000, maxWaiting: 10, maxEventBytes: 1000, retryMinMs: 50, retryMaxMs: 500 });
  const parts = { queue, redis, processes: () => [], objectives, switches: [], traces };
  await expect(startConsole({ ...parts, token: 'short', port: 0 })).rejects.toThrow('token must have at least 16 characters, got 5');
  await expect(startConsole({ ...parts, token, port: Number(new URL(board.url).port) })).rejects.toThrow(/EADDRINUSE/);
  redis.disconnect();
  await traces.close();
});
