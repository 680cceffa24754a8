import { once } from 'node:events';
import { connect } from 'node:net';
import { createInspector } from '@nines/queue';
import { beforeAll, expect, inject, test } from 'vitest';
import { readApiConfig } from '../src/config.ts';
import { deliveriesQueue, redisClient } from '../src/queue.ts';
import { startSystem, type System } from '../demo/system.ts';
import { newSecret, problem, testSystem } from './harness.ts';

const json = { 'content-type': 'application/json' };
const event = JSON.stringify({ destination: 'receiver', type: 't', data: 1 });

const env = { QUEUE_NAMESPACE: `refusals-${process.pid}`, MAX_BODY_BYTES: '4096', MAX_WAITING: '1' };

let system: System;
beforeAll(async () => {
  system = await startSystem({ redisUrl: inject('redisUrl'), secret: newSecret(), workers: 0, env });
  return () => system.stop('SIGKILL');
});

const ask = async (path: string, init?: RequestInit) => problem(await fetch(`${system.apiUrl}${path}`, init));
const post = (body: string | Buffer, headers: Record<string, string> = json, query = '') =>
  ask(`/process${query}`, { method: 'POST', body, headers });

test.each([
  ['no JSON', '{"a":', '', 400, 'INVALID_JSON', /JSON/],
  ['an empty body', '', '', 400, 'INVALID_JSON', /it is empty/],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), '?destination=receiver', 400, 'INVALID_JSON', /UTF-8/],
  ['an array', '[]', '', 422, 'INVALID_EVENT', /destination/],
  ['null', 'null', '', 422, 'INVALID_EVENT', /destination/],
  ['no data', '{"destination":"receiver","type":"t"}', '', 422, 'INVALID_EVENT', /data/],
  ['one member too many', '{"destination":"receiver","type":"t","data":1,"url":"http://127.0.0.1"}', '', 422, 'INVALID_EVENT', /data/],
  ['an unknown destination', '{"destination":"nobody","type":"t","data":1}', '', 422, 'UNKNOWN_DESTINATION', /one of: receiver$/],
  ['a URL as destination', '{}', '?destination=http://127.0.0.1:1/', 422, 'UNKNOWN_DESTINATION', /one of: receiver$/],
  ['two destinations', '{}', '?destination=receiver&destination=receiver', 422, 'UNKNOWN_DESTINATION', /one of: receiver$/],
  ['a property of every object as destination', '{}', '?destination=__proto__', 422, 'UNKNOWN_DESTINATION', /one of: receiver$/],
  ['a bad type', '{"destination":"receiver","type":"a b","data":1}', '', 422, 'INVALID_TYPE', /128/],
  ['a bad type in the query', '{}', '?destination=receiver&type=', 422, 'INVALID_TYPE', /128/],
])('POST /process refuses %s', async (_what, body, query, status, code, detail) => {
  const refused = await post(body, json, query);
  expect(refused).toMatchObject({ status, code });
  expect(refused.detail).toMatch(detail);
});

/** Writing deep nesting overflows the stack on some versions of Node.js, on others not. */
function canWrite(value: unknown): boolean {
  try {
    return JSON.stringify(value).length > 0;
  } catch {
    return false;
  }
}

test('deep nesting is refused where it cannot be written again, but passed on as it is', async () => {
  const deep = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const send = (query: string, body: string) => fetch(`${deep.apiUrl}/process${query}`, { method: 'POST', headers: json, body });
  const { status } = await send('', `{"destination":"receiver","type":"t","data":${nested}}`);
  expect(status).toBe(canWrite(JSON.parse(nested)) ? 202 : 422);
  expect((await send('?destination=receiver', nested)).status).toBe(202);
});

test('POST /process refuses a body that is too large', async () => {
  expect(await post(JSON.stringify('x'.repeat(4096)))).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/jsonp', 'x'])(
  'POST /process refuses the content type %s',
  async (type) => {
    expect(await post(event, { 'content-type': type })).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  },
);

test('other addresses and methods are refused, and the methods that are right are named', async () => {
  expect(await ask('/')).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  expect(await ask('/jobs/nothing')).toMatchObject({ status: 404, code: 'UNKNOWN_JOB' });
  expect(await ask('/jobs/a%20b')).toMatchObject({ status: 404, code: 'UNKNOWN_JOB' });
  expect(await ask(`/jobs/${'x'.repeat(99)}`)).toMatchObject({ status: 404, code: 'UNKNOWN_JOB' });
  expect(await ask('/%')).toMatchObject({ status: 400, code: 'INVALID_URL' });
  const get = await ask('/process');
  expect(get).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
  expect(get.headers.get('allow')).toBe('POST');
  const put = await ask('/process', { method: 'PUT', body: 'x', headers: { 'content-type': 'text/plain' } });
  expect(put.status).toBe(405);
  const remove = await ask('/jobs/x', { method: 'DELETE' });
  expect(remove.status).toBe(405);
  expect(remove.headers.get('allow')).toBe('GET, HEAD');
});

test('a request that is no HTTP is answered 400', async () => {
  const socket = connect(Number(new URL(system.apiUrl).port), '127.0.0.1');
  socket.write('POST /process HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"INVALID_REQUEST"\}$/);
});

test('a full queue is answered 503 with Retry-After, and nothing of the event stays', async () => {
  expect((await fetch(`${system.apiUrl}/process`, { method: 'POST', headers: json, body: event })).status).toBe(202);
  const full = await post(event);
  expect(full).toMatchObject({ status: 503, code: 'QUEUE_FULL' });
  expect(Number(full.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  const { queue, redisUrl } = readApiConfig({ ...env, REDIS_URL: inject('redisUrl'), DESTINATIONS: 'receiver=http://127.0.0.1:1/' });
  await using inspector = createInspector(deliveriesQueue(queue), { redis: redisClient(redisUrl) });
  expect(await inspector.counts()).toMatchObject({ waiting: 1, delayed: 0, active: 0, completed: 0, dead: 0 });
});
