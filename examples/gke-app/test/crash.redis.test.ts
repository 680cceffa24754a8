import { expect, inject, test } from 'vitest';
import { allDelivered, deliveredIds, isReceived, jobState, postEvent, setFaults, testSystem } from './harness.ts';

test('a worker killed in the middle of a job: another one finishes it', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl') });
  await setFaults(system, { mode: 'hang' });
  const id = (await postEvent(system.apiUrl, { n: 1 })) ?? '';
  await system.receiver.line((line) => isReceived(line, 'hang') && line.fields['jobId'] === id);
  expect(await jobState(system, id)).toMatchObject({ state: 'active' });

  expect(await system.workers[0]?.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  await setFaults(system, { mode: 'none' });
  const heir = await system.addWorker();
  await heir.line(({ fields }) => fields['msg'] === 'delivered' && fields['jobId'] === id);
  expect(await heir.stop()).toEqual({ code: 0, signal: null });
  expect(await jobState(system, id)).toMatchObject({ state: 'completed' });
  expect(deliveredIds(system.receiver)).toEqual([id]);
});

test('SIGTERM to a worker under load loses nothing and delivers nothing twice', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl'), env: { CONCURRENCY: '8' } });
  await setFaults(system, { mode: 'none', latencyMs: 20 });
  const posted = Promise.all(Array.from({ length: 150 }, (_, n) => postEvent(system.apiUrl, { n })));
  // In the middle: the worker has jobs in hand, in its pocket and behind it.
  await system.receiver.line(() => deliveredIds(system.receiver).length >= 40);
  const stopping = system.workers[0]?.stop();
  const heir = await system.addWorker();
  expect(await stopping).toEqual({ code: 0, signal: null });

  const ids = (await posted).map(String);
  await allDelivered(system.receiver, ids);
  expect(await heir.stop()).toEqual({ code: 0, signal: null });
  expect(deliveredIds(system.receiver).sort()).toEqual(ids.sort());
  const byHeir = heir.lines.filter(({ fields }) => fields['msg'] === 'delivered').length;
  expect(byHeir).toBeGreaterThan(0);
  expect(byHeir).toBeLessThan(150);
});

test('SIGTERM to the api under load: what it accepted is delivered, what it did not accept is not', async () => {
  const system = await testSystem({ redisUrl: inject('redisUrl') });
  const accepted: string[] = [];
  let refused = 0;
  const client = async () => {
    // Each client goes on until the api is gone.
    for (;;) {
      const id = await postEvent(system.apiUrl, { by: 'client' }).catch(() => undefined);
      if (id === undefined) return void (refused += 1);
      accepted.push(id);
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  await system.receiver.line(() => deliveredIds(system.receiver).length >= 30);
  expect(await system.api.stop()).toEqual({ code: 0, signal: null });
  await clients;
  expect(refused).toBe(8);
  await allDelivered(system.receiver, accepted);
  expect(await system.workers[0]?.stop()).toEqual({ code: 0, signal: null });
  expect(deliveredIds(system.receiver).sort()).toEqual(accepted.sort());
});
