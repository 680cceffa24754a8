import { Redis } from 'ioredis';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import {
  createConsumer,
  createInspector,
  createProducer,
  defineQueue,
  fixed,
  type Handler,
  type QueueError,
  type QueueOptions,
} from '@nines/queue';
import { encodeEnvelope } from '../src/envelope.ts';
import { ownRedis } from './own-redis.ts';

let serial = 0;

/** Both sides of a queue on a connection, what was handled, and what the consumer was told of. */
function bench(redis: Redis, options: Partial<QueueOptions> = {}, handler: Handler<string> = () => {}) {
  const name = `fault-${process.pid}-${(serial += 1)}`;
  const queue = defineQueue<string>({ name, backoff: fixed(1), completed: { count: 100, ageMs: 600_000 }, ...options });
  const handled: string[] = [];
  const troubles: QueueError[] = [];
  const producer = createProducer(queue, { redis, enqueueTimeoutMs: 20_000 });
  const impatient = createProducer(queue, { redis, enqueueTimeoutMs: 1 });
  const inspector = createInspector(queue, { redis });
  const consumer = createConsumer(
    queue,
    async (job, context) => {
      await handler(job, context);
      handled.push(job.payload);
    },
    { redis, onError: (error) => troubles.push(error) },
  );
  onTestFinished(async () => {
    await consumer.stop({ timeoutMs: 0 });
    for (const one of [producer, impatient, inspector]) await one.close();
  });
  const done = async (...payloads: readonly string[]) => {
    await expect.poll(() => handled.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(payloads);
  };
  const told = async (code: QueueError['code']) => {
    await expect.poll(() => troubles.some((error) => error.code === code)).toBe(true);
  };
  return {
    name,
    queue,
    handled,
    troubles,
    producer,
    impatient,
    inspector,
    consumer,
    done,
    told,
    key: (key: string) => `{nines:default:0}:${name}:${key}`,
  };
}

function shared(): Redis {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  return redis;
}

const STAMP = Buffer.from([1, 2, 3, 4, 5, 6]);

test.each([
  ['bytes that are no envelope', Buffer.from('foreign')],
  ['nothing', Buffer.alloc(0)],
  ['an envelope of a later version', Buffer.concat([STAMP, Buffer.from([250, 0]), Buffer.from('{}')])],
  ['a body that is not JSON', Buffer.concat([STAMP, encodeEnvelope({ body: Buffer.from('{"cut') })])],
  ['an envelope cut short', Buffer.concat([STAMP, Buffer.from([1, 7, 0, 1])])],
])(
  'a job with %s is dead-lettered as unreadable at once, its neighbours are done, and it can be listed and purged',
  async (_what, stored) => {
    const redis = shared();
    const { producer, consumer, inspector, done, key } = bench(redis);
    await producer.enqueue('before');
    const { id } = await producer.enqueue('victim');
    await producer.enqueue('after');
    await redis.hset(key('jobs'), id, stored);
    await consumer.start();
    await done('after', 'before');
    await expect.poll(async () => (await inspector.counts()).dead).toBe(1);
    expect(await inspector.list('dead')).toMatchObject([{ id, deadReason: 'unreadable', payload: undefined, failedAttempts: 0 }]);
    expect(await inspector.purge({ ids: [id] })).toEqual([id]);
  },
);

test('a job whose body is gone is dead-lettered, never run and never in a loop', async () => {
  const redis = shared();
  const { producer, consumer, inspector, done, key, troubles } = bench(redis);
  const { id } = await producer.enqueue('victim');
  await producer.enqueue('after');
  await redis.hdel(key('jobs'), id);
  await consumer.start();
  await done('after');
  await expect.poll(async () => (await inspector.counts()).dead).toBe(1);
  expect(await inspector.counts()).toMatchObject({ waiting: 0, active: 0, delayed: 0 });
  expect(troubles.filter(({ code }) => code !== 'NOT_PERSISTENT')).toEqual([]);
});

test.each(['waiting', 'suspects', 'delayed', 'holders', 'places'])(
  'a key of the wrong type (%s): the consumer says so and goes on once it is right again, and enqueue leaves nothing half done',
  async (name) => {
    const redis = shared();
    const { producer, consumer, done, told, key } = bench(redis);
    await producer.ready();
    await redis.set(key(name), 'foreign');
    await consumer.start();
    await told('REDIS_REFUSED');
    const [first] = await producer.enqueueMany(['x']);
    // Enqueue does not touch the holders, nor places where a job has none, so it is not refused then.
    const untouched = name === 'holders' || name === 'places';
    expect(first?.status).toBe(untouched ? 'fulfilled' : 'rejected');
    expect(await redis.exists(key('jobs'))).toBe(untouched ? 1 : 0);
    await redis.del(key(name));
    await producer.enqueue('y');
    await done(...(untouched ? ['x', 'y'] : ['y']));
  },
);

test.each(['places', 'turns', 'flying', 'group:one'])('a key of the wrong type (%s): a job of a group is refused whole', async (name) => {
  const redis = shared();
  const { producer, key } = bench(redis);
  await producer.ready();
  await redis.set(key(name), 'foreign');
  await expect(producer.enqueue('x', { groupId: 'one' })).rejects.toMatchObject({ code: 'REDIS_REFUSED', retryable: false });
  expect((await redis.keys(key('*'))).toSorted()).toEqual([key(name), key('meta')].toSorted());
  await redis.del(key(name));
});

test('a key of the wrong type (jobs): enqueue is refused whole', async () => {
  const redis = shared();
  const { producer, key } = bench(redis);
  await producer.ready();
  await redis.set(key('jobs'), 'foreign');
  await expect(producer.enqueue('x')).rejects.toMatchObject({ code: 'REDIS_REFUSED', retryable: false });
  expect(await redis.keys(key('*'))).toEqual(expect.not.arrayContaining([key('waiting')]));
  await redis.del(key('jobs'));
});

test('scripts that Redis has forgotten are sent again', async () => {
  const { redis } = await ownRedis();
  const { producer, consumer, inspector, done } = bench(redis);
  await consumer.start();
  await producer.enqueue('a');
  await done('a');
  await redis.script('FLUSH', 'SYNC');
  await producer.enqueue('b');
  await done('a', 'b');
  expect((await inspector.counts()).completed).toBe(2);
});

test('READONLY: a primary that became a replica is left for the one that is reached then; nothing is lost', async () => {
  const [{ redis }, other] = [await ownRedis(), await ownRedis()];
  const { producer, impatient, consumer, done, troubles } = bench(redis);
  await consumer.start();
  await producer.enqueue('a');
  await done('a');
  const connections = async () => Number(/total_connections_received:(\d+)/.exec(await redis.info('stats'))?.[1]);
  const before = await connections();
  await redis.replicaof('127.0.0.1', other.server.port);
  await expect(impatient.enqueue('refused')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true });
  const late = producer.enqueue('b');
  // The address may lead to the new primary by now, so it connects anew instead of asking the old one for ever.
  await expect.poll(connections).toBeGreaterThan(before);
  await redis.replicaof('NO', 'ONE');
  expect(await late).toMatchObject({ created: true });
  await done('a', 'b');
  expect(troubles.every(({ code }) => code === 'REDIS_UNAVAILABLE' || code === 'NOT_PERSISTENT')).toBe(true);
});

test('MISCONF: while Redis cannot save, calls say that it is unavailable; all goes on when it can', async () => {
  const { redis, server } = await ownRedis('--save', '3600', '1');
  const { producer, impatient, consumer, inspector, done } = bench(redis);
  await consumer.start();
  await producer.enqueue('a');
  await done('a');
  // Where the snapshot should go there is a folder, which it cannot replace.
  const snapshot = join(server.dir, 'dump.rdb');
  await mkdir(snapshot);
  const save = async () => {
    await redis.bgsave().catch(() => {});
    await expect.poll(async () => (await redis.info('persistence')).includes('rdb_bgsave_in_progress:0')).toBe(true);
    return redis.info('persistence');
  };
  expect(await save()).toContain('rdb_last_bgsave_status:err');
  await expect(impatient.enqueue('refused')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true });
  const late = producer.enqueue('b');
  await rmdir(snapshot);
  expect(await save()).toContain('rdb_last_bgsave_status:ok');
  expect(await late).toMatchObject({ created: true });
  await done('a', 'b');
  expect(await inspector.counts()).toMatchObject({ waiting: 0, active: 0, completed: 2 });
});

test('out of memory with jobs that fail: retries and dead letters are settled too', async () => {
  const { redis } = await ownRedis('--maxmemory-policy', 'noeviction');
  const { producer, consumer, inspector } = bench(redis, { maxAttempts: 2 }, ({ payload }, { attempt }) => {
    if (payload === 'dies' || attempt === 1) throw new Error('no');
  });
  await producer.enqueueMany(['dies', 'lives']);
  await redis.call('CONFIG', 'SET', 'maxmemory', '1');
  await consumer.start();
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, completed: 1, dead: 1 });
  await expect(producer.enqueue('x')).rejects.toMatchObject({ code: 'REDIS_OUT_OF_MEMORY', retryable: true, retryAfterMs: 1000 });
});
