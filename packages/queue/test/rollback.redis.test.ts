import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createConsumer, createInspector, createProducer, defineQueue, fixed, type JobContext } from '@nines/queue';
import { ownRedis } from './own-redis.ts';

let serial = 0;

/** A consumer whose handlers wait until they are let go, and hands that change what Redis remembers. */
function bench(redis: Redis, concurrency = 2) {
  const name = `rollback-${(serial += 1)}`;
  const queue = defineQueue<string>({ name, backoff: fixed(1), completed: { count: 100, ageMs: 600_000 }, leaseMs: 60_000 });
  const begun: string[] = [];
  const open = new Map<string, (() => void)[]>();
  const contexts: { readonly payload: string; readonly signal: JobContext['signal'] }[] = [];
  const producer = createProducer(queue, { redis });
  const inspector = createInspector(queue, { redis });
  const consumer = createConsumer(
    queue,
    ({ payload }, { signal }) => {
      begun.push(payload);
      contexts.push({ payload, signal });
      return new Promise<void>((resolve) => open.set(payload, [...(open.get(payload) ?? []), resolve]));
    },
    { redis, concurrency },
  );
  onTestFinished(async () => {
    await consumer.stop({ timeoutMs: 0 });
    for (const one of [producer, inspector]) await one.close();
  });
  const key = (of: string) => `{nines:default:0}:${name}:${of}`;
  return {
    producer,
    inspector,
    consumer,
    key,
    ran: async (...payloads: readonly string[]) => {
      await expect.poll(() => begun.toSorted()).toEqual(payloads.toSorted());
    },
    letGo: (payload: string) => {
      for (const resolve of open.get(payload) ?? []) resolve();
      open.delete(payload);
    },
    signals: (payload: string) => contexts.filter((context) => context.payload === payload).map(({ signal }) => signal),
    token: async () => (await redis.zrange(key('holders'), '0', '-1'))[0] ?? '',
    /** A job in the state in which a settlement that Redis forgot leaves it. */
    ghost: async (payload: string, token: string) => {
      await inspector.pause();
      const { id } = await producer.enqueue(payload);
      const lease = String(Date.now() + 60_000);
      await redis
        .multi()
        .lrem(key('waiting'), 1, id)
        .sadd(key(`held:${token}`), id)
        .zadd(key('holders'), lease, token)
        .exec();
      await inspector.resume();
    },
    cutCommands: () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  };
}

test('Redis comes back with an older state: forgotten settlements and claims are found out, what runs and is held goes on', async () => {
  const { server, redis } = await ownRedis('--save', '3600 1');
  const { producer, consumer, inspector, ran, letGo, signals } = bench(redis);
  await consumer.start();
  await producer.enqueueMany(['long', 'settled', 'claimed']);
  await ran('long', 'settled');
  await redis.save();
  letGo('settled');
  await ran('long', 'settled', 'claimed');
  await expect.poll(async () => (await inspector.counts()).completed).toBe(1);
  await server.restart('SIGKILL');
  // The claim was forgotten too: its first run is told, and the job waits again behind the one whose settlement was forgotten.
  await expect.poll(() => signals('claimed')[0]?.reason).toMatchObject({ code: 'LEASE_LOST' });
  await ran('long', 'settled', 'claimed', 'settled');
  letGo('settled');
  await ran('long', 'settled', 'claimed', 'settled', 'claimed');
  expect(signals('long').map(({ aborted }) => aborted)).toEqual([false]);
  letGo('claimed');
  letGo('long');
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, completed: 3, dead: 0 });
});

test('a settlement that Redis forgot: its job is handed back once the connection is there again, although no call was unanswered', async () => {
  const { redis } = await ownRedis();
  const { producer, consumer, inspector, ran, letGo, signals, token, ghost, cutCommands, key } = bench(redis);
  await consumer.start();
  await producer.enqueue('long');
  await ran('long');
  await ghost('ghost', await token());
  await producer.enqueue('between');
  await ran('long', 'between');
  letGo('between');
  // Now nothing is on its way that the cut could leave unanswered.
  await expect.poll(async () => (await inspector.counts()).completed).toBe(1);
  await cutCommands();
  await ran('long', 'between', 'ghost');
  expect(signals('long').map(({ aborted }) => aborted)).toEqual([false]);
  expect(await redis.exists(key('failures'))).toBe(0);
  letGo('ghost');
  letGo('long');
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, active: 0, completed: 3 });
});

test('Redis forgets without a word (its connections live): a refused settlement shows it, and what was settled before is handed back', async () => {
  const { redis } = await ownRedis();
  const { producer, consumer, inspector, ran, letGo, token, ghost, key } = bench(redis, 1);
  await consumer.start();
  const { id } = await producer.enqueue('claimed');
  await ran('claimed');
  const holder = await token();
  await ghost('settled', holder);
  await redis.srem(key(`held:${holder}`), id);
  await redis.rpush(key('waiting'), id);
  letGo('claimed');
  await ran('claimed', 'claimed');
  letGo('claimed');
  await ran('claimed', 'claimed', 'settled');
  letGo('settled');
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, active: 0, completed: 2 });
});

test('Redis forgets without a word, and the consumer runs nothing: it finds that it holds something, and hands it back', async () => {
  const { redis } = await ownRedis();
  const { producer, consumer, inspector, ran, letGo, token, ghost, key } = bench(redis);
  await consumer.start();
  await producer.enqueue('first');
  await ran('first');
  const idle = await token();
  letGo('first');
  await expect.poll(() => redis.exists(key('holders'))).toBe(0);
  await ghost('ghost', idle);
  await ran('first', 'ghost');
  letGo('ghost');
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, active: 0, completed: 2 });
  await expect.poll(() => redis.exists(key('holders'))).toBe(0);
});
