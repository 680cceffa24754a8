import { expect, inject, test } from 'vitest';
import { allDelivered, deliveredIds, isReceived, jobState, problem, setFaults, testSystem } from './harness.ts';
import type { System } from '../demo/system.ts';

async function send({ apiUrl }: System, timeoutMs: number, destination = 'receiver'): Promise<string> {
  const response = await fetch(`${apiUrl}/process?destination=${destination}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-timeout-ms': String(timeoutMs) },
    body: '{}',
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

test('an event whose time is over before a worker comes is never sent, and is a dead letter with that reason', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  const [late, inTime] = [await send(system, 1), await send(system, 86_400_000)];
  await system.addWorker();
  await allDelivered(system.receiver, [inTime]);
  await expect.poll(() => jobState(system, late)).toMatchObject({ state: 'dead', deadReason: 'deadline' });
  expect(deliveredIds(system.receiver)).toEqual([inTime]);
});

test('the deadline ends an attempt that runs, and no retry goes beyond it', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), env: { RETRY_MIN_MS: '60000', RETRY_MAX_MS: '60000' } });
  await setFaults(system, { mode: 'hang' });
  const cut = await send(system, 1000);
  await system.receiver.line((line) => isReceived(line, 'hang') && line.fields['jobId'] === cut);
  await expect.poll(() => jobState(system, cut)).toMatchObject({ state: 'dead', deadReason: 'deadline' });

  await setFaults(system, { mode: 'status', status: 500 });
  const failed = await send(system, 30_000);
  await system.receiver.line((line) => isReceived(line, 500) && line.fields['jobId'] === failed);
  // The next attempt would be a minute later: nobody waits for it.
  await expect.poll(() => jobState(system, failed)).toMatchObject({ state: 'dead', deadReason: 'deadline' });
});

test('a time that is none is refused', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), workers: 0 });
  for (const timeout of ['0', '86400001', '1.5', '1e3', '-1', 'soon', '']) {
    const headers = { 'content-type': 'application/json', 'x-request-timeout-ms': timeout };
    const refused = await problem(await fetch(`${system.apiUrl}/process?destination=receiver`, { method: 'POST', headers, body: '{}' }));
    expect(refused, timeout).toMatchObject({ status: 400, code: 'INVALID_TIMEOUT' });
  }
});

test('an ordered destination gets its events in the order of acceptance, also through a failure', async () => {
  const system = await testSystem({
    redisUrl: inject('redisUrl'),
    env: { ORDERED_DESTINATIONS: 'receiver', BREAKER_MINIMUM_CALLS: '1000' },
  });
  await setFaults(system, { mode: 'status', status: 500 });
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) ids.push(await send(system, 60_000));
  await system.receiver.line((line) => isReceived(line, 500));
  await setFaults(system, { mode: 'none' });
  await allDelivered(system.receiver, ids);
  expect(deliveredIds(system.receiver)).toEqual(ids);
  const failed = system.receiver.lines.filter((line) => isReceived(line, 500)).map(({ fields }) => fields['jobId']);
  expect(new Set(failed)).toEqual(new Set([ids[0]]));
});
