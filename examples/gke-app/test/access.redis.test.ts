import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild } from '../demo/child.ts';
import type { System } from '../demo/system.ts';
import { metric, problem, testSystem } from './harness.ts';

const newKey = () => randomBytes(32).toString('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function send({ apiUrl }: System, authorization?: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${apiUrl}/process?destination=receiver`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }), ...headers },
    body: '{}',
  });
}

test('with keys, nobody without one is let in, and each caller is named in the log', async () => {
  const [shop, billing] = [newKey(), newKey()];
  const folder = mkdtempSync(join(tmpdir(), 'nines-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ billing: sha256(billing) }));
  const env = { API_KEYS: `shop=${sha256(shop)}`, API_KEYS_FILE: join(folder, 'keys.json') };
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env });

  const wrong = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${newKey()}`,
    `Bearer ${sha256(shop)}`,
    `Basic ${shop}`,
    shop,
    `Bearer ${shop} x`,
  ];
  for (const authorization of wrong) {
    const refused = await problem(await send(system, authorization));
    expect(refused, String(authorization)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
  }
  for (const path of ['/jobs/any', '/openapi.json', '/nothing']) {
    expect(await problem(await fetch(`${system.apiUrl}${path}`)), path).toMatchObject({ status: 401 });
  }

  // One key, two callers: each has its own.
  const idempotent = { 'idempotency-key': 'k' };
  const ids = [];
  for (const key of [shop, billing]) {
    const response = await send(system, `Bearer ${key}`, idempotent);
    expect(response.status).toBe(202);
    ids.push(((await response.json()) as { id: string }).id);
    const job = await fetch(`${system.apiUrl}/jobs/${ids.at(-1)}`, { headers: { authorization: `bearer ${key}` } });
    expect(job.status).toBe(200);
  }
  expect(new Set(ids).size).toBe(2);
  const callers = system.api.lines.filter(({ fields }) => fields['msg'] === 'accepted').map(({ fields }) => fields['caller']);
  expect(callers).toEqual(['shop', 'billing']);
  const log = system.api.lines.map(({ text }) => text).join('\n');
  for (const secret of [shop, billing, sha256(shop), sha256(billing)]) expect(log).not.toContain(secret);
});

test('each caller has a token bucket: beyond it 429 says when to come again, and others are not held up', async () => {
  const [shop, billing] = [newKey(), newKey()];
  const env = { API_KEYS: `shop=${sha256(shop)},billing=${sha256(billing)}`, RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '3' };
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env });
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await send(system, `Bearer ${shop}`)).status));
  expect(new Set(statuses)).toEqual(new Set([202, 429]));
  expect(statuses.indexOf(202)).not.toBe(-1);
  const limited = await problem(await send(system, `Bearer ${shop}`));
  expect(limited).toMatchObject({
    status: 429,
    code: 'RATE_LIMITED',
    detail: expect.stringContaining('more than 1 requests a second') as string,
  });
  expect(limited.headers.get('retry-after')).toBe('1');
  expect((await send(system, `Bearer ${billing}`)).status).toBe(202);
  const counted = (status: number) =>
    metric(
      system,
      system.api,
      new RegExp(`^http_server_request_duration_seconds_count\\{.*http_route="/process",http_response_status_code="${status}"`),
    );
  expect(await counted(202)).toBeGreaterThan(0);
  expect(await counted(429)).toBeGreaterThan(0);
  // A permit comes back by itself.
  await expect.poll(async () => (await send(system, `Bearer ${shop}`)).status, { interval: 200 }).toBe(202);
});

test.each([
  ['0.0.0.0', 'API_KEYS is not set, and others can reach HOST 0.0.0.0'],
  ['::', 'API_KEYS is not set, and others can reach HOST ::'],
])('the api does not start on %s without a word on keys: status 2 and one line', async (HOST, message) => {
  const env = { HOST, PORT: '0', PROBES_PORT: '0', DESTINATIONS: 'a=http://127.0.0.1:1/', API_KEYS: '', API_KEYS_FILE: '' };
  const child = startChild('api', new URL('../src/api/main.ts', import.meta.url), env);
  expect(await child.ended).toEqual({ code: 2, signal: null });
  expect(child.lines).toHaveLength(1);
  expect(child.lines[0]?.fields).toMatchObject({
    service: 'api',
    code: 'MISSING_VARIABLE',
    msg: expect.stringContaining(message) as string,
  });
});
