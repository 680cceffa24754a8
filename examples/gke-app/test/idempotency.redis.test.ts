import { beforeAll, expect, inject, test } from 'vitest';
import { startSystem, type System } from '../demo/system.ts';
import { allDelivered, deliveredIds, jobState, newSecret, problem, setFaults } from './harness.ts';

let system: System;
beforeAll(async () => {
  const env = { QUEUE_NAMESPACE: `idempotency-${process.pid}`, RETRY_MIN_MS: '50', RETRY_MAX_MS: '500' };
  system = await startSystem({ redisUrl: inject('redisUrl'), secret: newSecret(), env });
  return () => system.stop('SIGKILL');
});

const send = (key: string, data: unknown, query = '') =>
  fetch(`${system.apiUrl}/process${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(query === '' ? { destination: 'receiver', type: 't', data } : data),
  });

async function accepted(response: Response): Promise<string> {
  const body = (await response.json()) as { id: string; statusUrl: string };
  expect(response.status).toBe(202);
  expect(response.headers.get('location')).toBe(body.statusUrl);
  return body.id;
}

test('the same key with the same event gives the first id, also long after its delivery, and nothing is sent twice', async () => {
  const id = await accepted(await send('order-1', { n: 1 }));
  await system.workers[0]?.line(({ fields }) => fields['msg'] === 'delivered' && fields['jobId'] === id);
  await expect.poll(() => jobState(system, id)).toMatchObject({ state: 'completed' });
  expect(await accepted(await send('order-1', { n: 1 }))).toBe(id);
  expect(await accepted(await send('order-1', { n: 1 }))).toBe(id);
  // The queue is in order: when a later event has arrived, a repetition would have arrived before it.
  const later = await accepted(await send('order-2', { n: 1 }));
  expect(later).not.toBe(id);
  await allDelivered(system.receiver, [later]);
  expect(deliveredIds(system.receiver).filter((one) => one === id)).toHaveLength(1);
});

test.each([
  ['other data', { n: 2 }, ''],
  ['another shape of the same data', { n: 1 }, '?destination=receiver&type=t'],
])('the same key with %s is answered 422, and nothing of it is taken', async (what, data, query) => {
  const id = await accepted(await send(`reused-${what.length}`, { n: 1 }));
  expect(await problem(await send(`reused-${what.length}`, data, query))).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await accepted(await send(`reused-${what.length}`, { n: 1 }))).toBe(id);
});

test('fifty at once with one key are one event', async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, async () => accepted(await send('at-once', { n: 3 }))));
  expect(new Set(ids).size).toBe(1);
  await allDelivered(system.receiver, ids.slice(0, 1));
  expect(deliveredIds(system.receiver).filter((one) => one === ids[0])).toHaveLength(1);
});

test('of two different events at once with one key one is taken, the other refused', async () => {
  const answers = await Promise.all([send('raced', { n: 'a' }), send('raced', { n: 'b' })]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 422]));
});

test('a dead letter keeps its key: what becomes of the event is for the operator to say', async () => {
  await setFaults(system, { mode: 'status', status: 410 });
  const dead = await accepted(await send('dead', { n: 4 }));
  await expect.poll(() => jobState(system, dead)).toMatchObject({ state: 'dead' });
  await setFaults(system, { mode: 'none' });
  expect(await accepted(await send('dead', { n: 4 }))).toBe(dead);
  expect(await jobState(system, dead)).toMatchObject({ state: 'dead' });
});

test.each([
  ['a space', 'a b'],
  ['256 characters', 'x'.repeat(256)],
  ['a letter that is not ASCII', 'cl\u00e9'],
  ['nothing', ''],
])('a key of %s is answered 400', async (_what, key) => {
  expect(await problem(await send(key, { n: 5 }))).toMatchObject({ status: 400, code: 'INVALID_IDEMPOTENCY_KEY' });
});

test('a key may have 255 characters, and two keys in one request are refused', async () => {
  await accepted(await send('x'.repeat(255), { n: 6 }));
  const headers = new Headers({ 'content-type': 'application/json', 'idempotency-key': 'a' });
  headers.append('idempotency-key', 'b');
  const twice = await fetch(`${system.apiUrl}/process?destination=receiver`, { method: 'POST', headers, body: '{}' });
  expect(await problem(twice)).toMatchObject({ status: 400, code: 'INVALID_IDEMPOTENCY_KEY' });
});
