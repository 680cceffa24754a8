import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createEvents, createInspector, createProducer, type QueueError } from '@nines/queue';
import { resultQueue, type ResultWorkerMessage } from './process/result-worker.ts';

const WAIT = { timeoutMs: 50_000 };
let serial = 0;

/** A worker in a process of its own, and the other side here on connections that can be cut. */
async function scene() {
  const name = `across-${process.pid}-${(serial += 1)}`;
  const queue = resultQueue(name);
  const child = fork(join(import.meta.dirname, 'process/result-worker.ts'), [inject('redisUrl'), name], {
    execArgv: ['--conditions=@nines/source'],
  });
  const messages: ResultWorkerMessage[] = [];
  child.on('message', (message) => messages.push(message as ResultWorkerMessage));
  const saw = async (type: ResultWorkerMessage['type']) => {
    await expect.poll(() => messages.some((message) => message.type === type)).toBe(true);
    return messages.find((message) => message.type === type);
  };
  const admin = new Redis(inject('redisUrl'));
  // Slow to come back, so that what happens meanwhile is missed for sure.
  const redis = new Redis(inject('redisUrl'), { connectionName: name, retryStrategy: () => 300 });
  const producer = createProducer(queue, { redis });
  const inspector = createInspector(queue, { redis: admin });
  const events = createEvents(queue, { redis });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const one of [producer, inspector, events]) await one.close();
    redis.disconnect();
    admin.disconnect();
  });
  await saw('ready');
  const key = (of: string) => `{nines:default:0}:${name}:${of}`;
  return {
    producer,
    inspector,
    events,
    admin,
    key,
    messages,
    saw,
    release: () => child.send('release'),
    cut: async () => {
      const clients = String(await admin.client('LIST')).split('\n');
      const own = clients.filter((line) => line.includes(`name=${name} `)).map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
      for (const id of own) await admin.call('CLIENT', 'KILL', 'ID', id);
      return own.length;
    },
    listeners: async () => Number((await admin.pubsub('NUMSUB', key('lifecycle')))[1]),
  };
}

test('a result travels from the process that made it to the one that waits for it', async () => {
  const { producer, inspector } = await scene();
  const { id } = await producer.enqueue('work');
  const { payload, pid } = await producer.waitUntilCompleted(id, WAIT);
  expect(payload).toBe('work');
  expect(pid).not.toBe(process.pid);
  // The job itself is gone.
  expect(await inspector.get(id)).toBeUndefined();
});

test('a connection that is cut during the wait, while the job ends, costs time and not the result', async () => {
  const { producer, inspector, events, saw, release, cut, listeners } = await scene();
  const missed = Promise.withResolvers<void>();
  await events.ready();
  const { id } = await producer.enqueue('hold');
  await saw('started');
  const waiting = producer.waitUntilCompleted(id, WAIT);
  await expect.poll(async () => (await inspector.get(id))?.progress).toEqual({ done: 1, of: 2 });
  events.on('missed', () => missed.resolve());
  expect(await cut()).toBeGreaterThan(1);
  await expect.poll(listeners).toBe(0);
  release();
  await expect.poll(async () => await inspector.get(id)).toBeUndefined();
  expect(await waiting).toMatchObject({ payload: 'hold' });
  await missed.promise;
});

test('a job is cancelled in the process that runs it', async () => {
  const { producer, inspector, messages, saw } = await scene();
  const { id } = await producer.enqueue('hold');
  await saw('started');
  const waiting = producer.waitUntilCompleted(id, WAIT).catch((error: QueueError) => error.code);
  expect(await inspector.cancel({ ids: [id] })).toEqual([{ id, outcome: 'cancelling' }]);
  expect(await saw('aborted')).toMatchObject({ code: 'JOB_CANCELLED' });
  expect(await waiting).toBe('JOB_CANCELLED');
  expect(await inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, dead: 0 });
  expect(messages.filter(({ type }) => type === 'started')).toHaveLength(1);
});

test('a cancellation of which no process heard is found by the next renewal of the lease', async () => {
  const { producer, admin, key, saw } = await scene();
  const { id } = await producer.enqueue('hold');
  await saw('started');
  // The mark that a cancellation leaves, without its message.
  await admin.sadd(key('cancelled'), id);
  expect(await saw('aborted')).toMatchObject({ code: 'JOB_CANCELLED' });
  await expect(producer.waitUntilCompleted(id, WAIT)).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
  expect(await admin.exists(key('cancelled'), key('progress'), key('jobs'))).toBe(0);
});
