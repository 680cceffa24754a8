import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { startSystem, type System } from '../demo/system.ts';
import type { SpanLine } from '../demo/trace.ts';
import { allDelivered, jobState, newSecret, postEvent, problem, setFaults, shell, testSystem } from './harness.ts';

const token = 'operators-only-0123456789';
const bearer = { authorization: `Bearer ${token}` };
const folder = mkdtempSync(join(tmpdir(), 'nines-admin-'));
const tracesFile = join(folder, 'spans.jsonl');

let system: System;
let adminUrl: string;
beforeAll(async () => {
  const env = {
    QUEUE_NAMESPACE: `admin-${process.pid}`,
    RETRY_MIN_MS: '50',
    ADMIN_TOKEN: token,
    ADMIN_PORT: '0',
    NINES_TRACES_FILE: tracesFile,
  };
  system = await startSystem({ redisUrl: inject('redisUrl'), secret: newSecret(), env });
  const { fields } = await system.api.line((line) => line.fields['msg'] === 'admin listening');
  adminUrl = String(fields['url']);
  return async () => {
    await system.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
});

const admin = (path: string, init: RequestInit = {}) => fetch(`${adminUrl}${path}`, { headers: bearer, ...init });
const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}` });

async function deadLetter(data: unknown): Promise<string> {
  await setFaults(system, { mode: 'status', status: 410 });
  const id = String(await postEvent(system.apiUrl, data));
  await expect.poll(() => jobState(system, id)).toMatchObject({ state: 'dead', deadReason: 'rejected' });
  await setFaults(system, { mode: 'none' });
  return id;
}

test('nobody gets in without the token, and nothing tells what is there', async () => {
  const wrong = [
    {},
    { authorization: 'Bearer' },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token.slice(1)}` },
    basic(token),
  ];
  for (const headers of wrong) {
    for (const [method, path] of [
      ['GET', '/jobs'],
      ['GET', '/dead-letters'],
      ['POST', '/dead-letters/redrive'],
      ['POST', '/dead-letters/x/redrive'],
      ['GET', '/x'],
    ]) {
      const refused = await problem(await admin(path ?? '', { method: method ?? '', headers: headers as Record<string, string> }));
      expect(refused, `${method} ${path}`).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
      expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  }
});

test('the panel takes the token, and from a browser as a password; a change only from its own page', async () => {
  for (const headers of [bearer, basic(token)]) {
    const page = await admin('/queues', { headers });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
  }
  const refused = await problem(await admin('/queues/', { headers: basic('wrong-password-0123456789') }));
  expect(refused).toMatchObject({ status: 401 });
  expect(refused.headers.get('www-authenticate')).toMatch(/^Basic/);
  const foreign = { ...basic(token), 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' };
  const forged = await admin('/queues/api/pause', { method: 'POST', headers: foreign, body: '{}' });
  expect([forged.status, await forged.text()]).toEqual([403, expect.stringContaining('CONSOLE_CROSS_ORIGIN')]);
});

test('the public port knows none of it', async () => {
  for (const [method, path] of [
    ['GET', '/jobs'],
    ['GET', '/jobs?state=dead'],
    ['GET', '/dead-letters'],
    ['POST', '/dead-letters/redrive'],
    ['GET', '/queues'],
    ['GET', '/queues/'],
  ]) {
    const refused = await problem(await fetch(`${system.apiUrl}${path}`, { method: method ?? '', headers: bearer }));
    expect(refused, `${method} ${path}`).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  }
});

test('without ADMIN_TOKEN there is no such server', async () => {
  const without = await testSystem({ redisUrl: inject('redisUrl'), workers: 0, env: { ADMIN_PORT: '0', ADMIN_TOKEN: '' } });
  expect(without.api.lines.some(({ fields }) => fields['msg'] === 'admin listening')).toBe(false);
});

test('jobs are listed by state, without what is in them', async () => {
  const id = await deadLetter({ secret: 'hunter2' });
  const dead = (await (await admin('/jobs?state=dead&limit=1000')).json()) as { id: string }[];
  expect(dead.find((job) => job.id === id)).toEqual(await jobState(system, id));
  expect(JSON.stringify(dead)).not.toContain('hunter2');
  expect(await (await admin('/dead-letters')).json()).toEqual(dead);
  expect(await (await admin('/jobs')).json()).toEqual([]);
  for (const query of ['state=lost', 'limit=0', 'limit=1001', 'limit=x']) {
    expect(await problem(await admin(`/jobs?${query}`)), query).toMatchObject({ status: 400, code: 'INVALID_QUERY' });
  }
});

test('a redriven dead letter is delivered, in a trace of its own that links to the first', async () => {
  const id = await deadLetter({ n: 1 });
  const { traceId } = await jobState(system, id);
  const answer = await admin(`/dead-letters/${id}/redrive`, { method: 'POST' });
  expect([answer.status, await answer.json()]).toEqual([200, { redriven: [id] }]);
  await allDelivered(system.receiver, [id]);
  expect(await problem(await admin(`/dead-letters/${id}/redrive`, { method: 'POST' }))).toMatchObject({ status: 404, code: 'UNKNOWN_JOB' });
  expect(await problem(await admin('/dead-letters/a%20b/redrive', { method: 'POST' }))).toMatchObject({ status: 404, code: 'UNKNOWN_JOB' });

  type Linked = SpanLine & { readonly links: readonly { traceId: string }[] };
  const attempts = () =>
    readFileSync(tracesFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('process deliveries') && line.includes(id))
      .map((line) => JSON.parse(line) as Linked);
  await expect.poll(() => attempts().length).toBe(2);
  const redriven = attempts().find((span) => span.traceId !== traceId);
  expect(redriven?.links.map((link) => link.traceId)).toContain(traceId);
});

test('the oldest dead letters are redriven together, as many as asked for', async () => {
  // A body, whatever it is, is left alone.
  const withBody = { method: 'POST', body: '{}', headers: { ...bearer, 'content-type': 'application/json' } };
  const { redriven } = (await (await admin('/dead-letters/redrive?limit=1000', withBody)).json()) as { redriven: string[] };
  await allDelivered(system.receiver, redriven);
  const ids = [await deadLetter({ n: 1 }), await deadLetter({ n: 2 }), await deadLetter({ n: 3 })];
  const answer = await admin('/dead-letters/redrive?limit=2', { method: 'POST' });
  expect(await answer.json()).toEqual({ redriven: ids.slice(0, 2) });
  await allDelivered(system.receiver, ids.slice(0, 2));
  const left = (await (await admin('/dead-letters')).json()) as { id: string }[];
  expect(left.map((job) => job.id)).toEqual(ids.slice(2));
});

test('the commands of README show dead letters, and redrive them', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const commands = readme.split('\n').filter((line) => line.startsWith('curl ') && line.includes('$ADMIN/'));
  const id = await deadLetter({ n: 4 });
  const run = async (command = '') =>
    JSON.parse(await shell(command, { ADMIN: adminUrl, auth: `Authorization: Bearer ${token}` })) as unknown;
  expect(await run(commands[0])).toContainEqual(await jobState(system, id));
  expect(await run(commands[1])).toMatchObject({ redriven: expect.arrayContaining([id]) as unknown });
  await allDelivered(system.receiver, [id]);
});

test('the token is in no line of the log', () => {
  expect(system.api.lines.some(({ text }) => text.includes(token))).toBe(false);
});
