import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../tools/redis/machine.ts';
import { startRedis } from '../../tools/redis/start.ts';
import { relayBench } from './main.ts';
import { bundlePrograms, type Programs, type Service } from './programs.ts';

/** Each test has a Redis of its own, as the measurements have: bullmq shares its keys with whoever uses the same name. */
const program = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined) ?? '';
let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms();
  return () => programs.remove();
});

const json = { 'content-type': 'application/json' };
const valid = { destination: 'receiver', type: 'order.placed', data: { sku: 'A-1' } };
const REQUESTS: readonly (readonly [what: string, path: string, init: RequestInit])[] = [
  ['an event', '/process', { method: 'POST', headers: json, body: JSON.stringify(valid) }],
  ['no JSON', '/process', { method: 'POST', headers: json, body: '{' }],
  ['an array', '/process', { method: 'POST', headers: json, body: '[]' }],
  ['one member too many', '/process', { method: 'POST', headers: json, body: JSON.stringify({ ...valid, url: 'http://127.0.0.1' }) }],
  ['an unknown destination', '/process', { method: 'POST', headers: json, body: JSON.stringify({ ...valid, destination: 'nobody' }) }],
  ['a bad type', '/process', { method: 'POST', headers: json, body: JSON.stringify({ ...valid, type: 'a b' }) }],
  ['another content type', '/process', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ['a body that is too large', '/process', { method: 'POST', headers: json, body: JSON.stringify('x'.repeat(1_048_576)) }],
  ['another address', '/', {}],
];

/** What a caller sees of each answer, without what is different every time. */
async function answers({ url }: Service): Promise<{ readonly status: number }[]> {
  const all = [];
  for (const [what, path, init] of REQUESTS) {
    const response = await fetch(`${url}${path}`, init);
    const body = (await response.json()) as Record<string, unknown>;
    const location = response.headers.get('location')?.replace(String(body['id']), 'ID');
    all.push({
      what,
      status: response.status,
      type: response.headers.get('content-type'),
      location,
      members: Object.keys(body),
      code: body['code'],
    });
  }
  return all;
}

test.skipIf(program === '')('bullmq and fastify alone check and answer as the api of the example does', async () => {
  const redis = await startRedis({ program, args: [] });
  onTestFinished(() => redis.stop());
  const env = { REDIS_URL: redis.url, DESTINATIONS: 'receiver=http://127.0.0.1:1/', OTEL_SDK_DISABLED: 'true' };
  const seen = [];
  for (const name of ['nines-api', 'bullmq-api', 'fastify alone-api'] as const) {
    const service = await programs.start(name, env);
    seen.push(await answers(service));
    await service.stop();
  }
  expect(seen[0]?.map(({ status }) => status)).toEqual([202, 400, 422, 422, 422, 422, 415, 413, 404]);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

test.skipIf(program === '')('a quick look: every event that either relay accepts is delivered', async () => {
  const lines: string[] = [];
  const { json: measured } = await relayBench.measure({ runs: 1, quick: true, only: 'end to end', progress: (line) => lines.push(line) });
  expect(lines).toHaveLength(2);
  const { rows } = measured as { rows: readonly { readonly ours: { readonly median: number }; readonly peers: object }[] };
  expect(rows.length).toBeGreaterThan(0);
  expect(rows[0]?.ours.median).toBeGreaterThan(0);
  for (const { peers } of rows) expect(Object.keys(peers)).toEqual(['bullmq']);
});
