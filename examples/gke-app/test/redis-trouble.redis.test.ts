import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';
import { startChild, type Child } from '../demo/child.ts';
import type { System } from '../demo/system.ts';
import { allDelivered, newSecret, postEvent, problem, testSystem, type Problem } from './harness.ts';

const program = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined) ?? '';
const json = { 'content-type': 'application/json' };
const event = JSON.stringify({ destination: 'receiver', type: 't', data: 1 });

async function ownRedis(): Promise<RunningRedis> {
  const redis = await startRedis({ program, args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  onTestFinished(() => redis.stop('SIGKILL'));
  return redis;
}

async function refusedBy({ apiUrl }: Pick<System, 'apiUrl'>): Promise<Problem> {
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
  'Redis killed: 503 with Retry-After by an api that stays ready; restarted: what was accepted is delivered',
  async () => {
    const redis = await ownRedis();
    const own = await testSystem({ redisUrl: redis.url });
    await allDelivered(own.receiver, [String(await postEvent(own.apiUrl, { n: 1 }))]);

    process.kill(redis.pid, 'SIGKILL');
    const refused = await refusedBy(own);
    expect(refused).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const asked = await problem(await fetch(`${own.apiUrl}/jobs/any`));
    expect(asked).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' });
    await own.api.line(({ fields }) => fields['msg'] === 'health check down');
    expect((await fetch(`${own.probesUrl(own.api)}/readyz`)).status).toBe(200);
    expect((await fetch(`${own.probesUrl(own.api)}/livez`)).status).toBe(200);

    const ups = () => own.api.lines.filter(({ fields }) => fields['msg'] === 'health check up').length;
    const before = ups();
    await redis.restart('SIGKILL');
    await own.api.line(() => ups() > before);
    await allDelivered(own.receiver, [String(await postEvent(own.apiUrl, { n: 2 }))]);
  },
);

function service(name: 'api' | 'worker'): Child {
  const env = {
    REDIS_URL: 'redis://127.0.0.1:1',
    DESTINATIONS: 'a=http://127.0.0.1:1/',
    WEBHOOK_SECRET: newSecret(),
    PORT: '0',
    PROBES_PORT: '0',
  };
  const child = startChild(name, new URL(`../src/${name}/main.ts`, import.meta.url), env);
  onTestFinished(() => void child.stop('SIGKILL'));
  return child;
}

test('without Redis from the start, the api answers 503 and is not ready; the worker gives up and says why', async () => {
  const [api, worker] = [service('api'), service('worker')];
  const apiUrl = String((await api.line(({ fields }) => fields['msg'] === 'listening')).fields['url']);
  const probes = String((await api.line(({ fields }) => fields['msg'] === 'starting')).fields['probes']);
  const response = await fetch(`${apiUrl}/process?destination=a`, { method: 'POST', headers: json, body: '{}' });
  expect(await problem(response)).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' });
  expect((await fetch(`${probes}/readyz`)).status).toBe(503);
  expect(await api.stop()).toEqual({ code: 0, signal: null });
  expect(await worker.ended).toEqual({ code: 1, signal: null });
  const { fields } = await worker.line((line) => line.fields['msg'] === 'could not start');
  expect(fields['err']).toMatchObject({ code: 'REDIS_UNAVAILABLE', message: expect.stringContaining('127.0.0.1:1') as string });
});
