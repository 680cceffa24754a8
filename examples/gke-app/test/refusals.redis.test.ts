import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';
import { startSystem, type System } from '../demo/system.ts';
import { allDelivered, newSecret, postEvent, testSystem } from './harness.ts';

const program = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined) ?? '';
const json = { 'content-type': 'application/json' };
const event = JSON.stringify({ destination: 'receiver', type: 't', data: 1 });

let system: System;
beforeAll(async () => {
  const env = { QUEUE_NAMESPACE: `refusals-${process.pid}`, MAX_BODY_BYTES: '4096', MAX_WAITING: '1' };
  system = await startSystem({ redisUrl: inject('redisUrl'), secret: newSecret(), workers: 0, env });
  return () => system.stop('SIGKILL');
});

interface Problem {
  readonly status: number;
  readonly code: unknown;
  readonly detail: string;
  readonly headers: Headers;
}

/** Every refusal has the same shape. */
async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const body = (await response.json()) as { code: string; detail: string };
  expect(body).toEqual({
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: expect.stringMatching(/./) as string,
    code: body.code,
  });
  return { status: response.status, code: body.code, detail: body.detail, headers: response.headers };
}

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

test('POST /process refuses data that is nested too deeply to be written again, and a body that is too large', async () => {
  const deep = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const send = (query: string, body: string) => fetch(`${deep.apiUrl}/process${query}`, { method: 'POST', headers: json, body });
  const refused = await problem(await send('', `{"destination":"receiver","type":"t","data":${nested}}`));
  expect(refused).toMatchObject({ status: 422, code: 'NESTED_TOO_DEEPLY' });
  expect((await send('?destination=receiver', nested)).status).toBe(202);
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
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
});

test('a full queue is answered 503 with Retry-After, and nothing of the event stays', async () => {
  expect((await fetch(`${system.apiUrl}/process`, { method: 'POST', headers: json, body: event })).status).toBe(202);
  const full = await post(event);
  expect(full).toMatchObject({ status: 503, code: 'QUEUE_FULL' });
  expect(Number(full.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
});

async function ownRedis(): Promise<RunningRedis> {
  const redis = await startRedis({ program, args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  onTestFinished(() => redis.stop('SIGKILL'));
  return redis;
}

async function refusedBy({ apiUrl }: System): Promise<Problem> {
  return problem(await fetch(`${apiUrl}/process`, { method: 'POST', headers: json, body: event }));
}

test.skipIf(program === '')('Redis out of memory is answered 503 with Retry-After; it recovers by itself', async () => {
  const redis = await ownRedis();
  const own = await testSystem({ redisUrl: redis.url });
  const admin = new Redis(redis.url);
  onTestFinished(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1');
  const refused = await refusedBy(own);
  expect(refused).toMatchObject({ status: 503, code: 'REDIS_OUT_OF_MEMORY' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  await admin.config('SET', 'maxmemory', '0');
  await allDelivered(own.receiver, [String(await postEvent(own.apiUrl, {}))]);
});

test.skipIf(program === '')(
  'Redis killed: 503 with Retry-After, not ready; restarted: ready again, and what was accepted is delivered',
  async () => {
    const redis = await ownRedis();
    const own = await testSystem({ redisUrl: redis.url });
    await allDelivered(own.receiver, [String(await postEvent(own.apiUrl, { n: 1 }))]);

    process.kill(redis.pid, 'SIGKILL');
    const refused = await refusedBy(own);
    expect(refused).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await own.api.line(({ fields }) => fields['msg'] === 'health check down');
    expect((await fetch(`${own.probesUrl(own.api)}/readyz`)).status).toBe(503);
    expect((await fetch(`${own.probesUrl(own.api)}/livez`)).status).toBe(200);

    const ups = () => own.api.lines.filter(({ fields }) => fields['msg'] === 'health check up').length;
    const before = ups();
    await redis.restart('SIGKILL');
    await own.api.line(() => ups() > before);
    await allDelivered(own.receiver, [String(await postEvent(own.apiUrl, { n: 2 }))]);
  },
);
