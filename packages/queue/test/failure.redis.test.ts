import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { createConsumer, createInspector, createProducer, defineQueue, fixed, type Queue, type QueueError } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { systemClock } from '../src/clock.ts';
import { acquireConnection } from '../src/redis/connection.ts';
import { createRedisStore } from '../src/redis/store.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function ownRedis(args: readonly string[] = []): Promise<{ server: RunningRedis; redis: Redis }> {
  const server = await startRedis({ program: 'redis-server', args });
  opened.push({ close: () => server.stop() });
  const redis = connect(server.url);
  return { server, redis };
}

function connect(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 20, lazyConnect: true });
  redis.on('error', () => {});
  opened.push({ close: () => redis.disconnect() });
  return redis;
}

const orders = defineQueue<string>({ name: 'orders', backoff: fixed(1) });

test('Redis away at start: enqueue and start reject with REDIS_UNAVAILABLE in the time given', async () => {
  const { server, redis } = await ownRedis();
  await server.stop();
  const producer = createProducer(orders, { redis, enqueueTimeoutMs: 100 });
  opened.push(producer);
  await expect(producer.enqueue('x')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true });
  await expect(producer.ready()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  const consumer = createConsumer(orders, () => {}, { redis, connectTimeoutMs: 100 });
  await expect(consumer.start()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  expect(await consumer.stop()).toEqual({ drained: true, returned: 0 });
});

test('Redis gone in the middle: what was accepted is done once it is back, and the consumer goes on by itself', async () => {
  const { server, redis } = await ownRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  const troubles: QueueError[] = [];
  const done = new Map<string, PromiseWithResolvers<void>>(['before', 'after'].map((payload) => [payload, Promise.withResolvers()]));
  const producer = createProducer(orders, { redis, enqueueTimeoutMs: 30_000 });
  const consumer = createConsumer(orders, ({ payload }) => done.get(payload)?.resolve(), {
    redis,
    onError: (error) => troubles.push(error),
  });
  opened.push(producer, { close: () => consumer.stop() });
  await consumer.start();
  await producer.enqueue('before');
  await done.get('before')?.promise;
  const restarted = server.restart('SIGKILL');
  const late = producer.enqueue('after');
  await restarted;
  expect(await late).toMatchObject({ created: true });
  await done.get('after')?.promise;
  expect(troubles.every(({ code }) => code === 'REDIS_UNAVAILABLE')).toBe(true);
});

test('connections killed while thousands of jobs are enqueued and handled: each is there once, and done', async () => {
  const { redis } = await ownRedis();
  const total = 3000;
  const handled: string[] = [];
  const all = Promise.withResolvers<void>();
  const queue = defineQueue<string>({ name: 'killed', completed: { count: 10_000, ageMs: 60_000 } });
  const producer = createProducer(queue, { redis, enqueueTimeoutMs: 30_000 });
  const inspector = createInspector(queue, { redis });
  const consumer = createConsumer(
    queue,
    ({ payload }) => {
      handled.push(payload);
      if (new Set(handled).size === total) all.resolve();
    },
    { redis },
  );
  opened.push(producer, inspector, { close: () => consumer.stop() });
  await consumer.start();
  const admin = redis.duplicate({ lazyConnect: false });
  opened.push({ close: () => admin.disconnect() });
  for (let from = 0; from < total; from += 100) {
    const sent = producer.enqueueMany(Array.from({ length: 100 }, (_, at) => `${from + at}`));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect((await sent).every(({ status }) => status === 'fulfilled')).toBe(true);
  }
  await all.promise;
  await consumer.stop();
  expect(await inspector.counts()).toMatchObject({ waiting: 0, active: 0, dead: 0, completed: total });
});

test('Redis out of memory: enqueue is refused whole, what is there is still settled', async () => {
  const { redis } = await ownRedis(['--maxmemory-policy', 'noeviction']);
  const queue = defineQueue<string>({ name: 'full', rateLimit: { count: 100, perMs: 1000 }, globalConcurrency: 5 });
  const producer = createProducer(queue, { redis });
  const inspector = createInspector(queue, { redis });
  opened.push(producer, inspector);
  await producer.enqueueMany(['a', 'b', 'c']);
  await producer.enqueue('high', { priority: 8 });
  for (const at of [1, 2]) await producer.enqueue(`grouped ${at}`, { groupId: 'group' });
  await redis.call('CONFIG', 'SET', 'maxmemory', '1');
  await expect(producer.enqueue('e', { groupId: 'other' })).rejects.toMatchObject({ code: 'REDIS_OUT_OF_MEMORY' });
  await expect(producer.enqueue('d')).rejects.toMatchObject({ code: 'REDIS_OUT_OF_MEMORY', retryable: true });
  expect((await inspector.counts()).waiting).toBe(6);
  const done = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = createConsumer(
    queue,
    () => {
      handled += 1;
      if (handled === 6) done.resolve();
    },
    { redis },
  );
  await consumer.start();
  await done.promise;
  await consumer.stop();
  expect(await inspector.counts()).toMatchObject({ waiting: 0, active: 0 });
});

test('Redis out of memory: what follows from a job that was accepted is committed with it all the same', async () => {
  const { redis } = await ownRedis(['--maxmemory-policy', 'noeviction']);
  const [parents, children] = ['parents', 'children'].map((name) => defineQueue<string>({ name })) as [Queue<string>, Queue<string>];
  const producer = createProducer(parents, { redis });
  const inspector = createInspector(children, { redis });
  opened.push(producer, inspector);
  await producer.enqueue('a');
  await inspector.counts();
  const opening = Promise.withResolvers<void>();
  const full = Promise.withResolvers<void>();
  const consumer = createConsumer(
    parents,
    async (_job, { enqueue }) => {
      await enqueue(children, 'first');
      opening.resolve();
      await full.promise;
      await enqueue(children, 'second');
    },
    { redis },
  );
  await consumer.start();
  await opening.promise;
  await redis.call('CONFIG', 'SET', 'maxmemory', '1');
  full.resolve();
  await consumer.stop();
  expect((await inspector.list('waiting')).map(({ payload }) => payload)).toEqual(['first', 'second']);
});

test('Redis out of memory: a lease is renewed all the same', async () => {
  const { redis } = await ownRedis(['--maxmemory-policy', 'noeviction']);
  const store = createRedisStore({ queue: orders.options, connection: acquireConnection(redis, systemClock), connectTimeoutMs: 5000 });
  opened.push(store);
  await store.open();
  await store.enqueue([{ id: 'a', delayMs: 0, fresh: true, envelope: Buffer.from('any') }]);
  const holder = { token: 'holder', settlements: [], wantSuspect: true };
  expect((await store.exchange({ ...holder, known: false, want: 1 })).jobs).toHaveLength(1);
  await redis.call('CONFIG', 'SET', 'maxmemory', '1');
  expect((await store.exchange({ ...holder, known: true, want: 0 })).holder).toBe('holding');
});

test('after a drain Redis keeps one key of the queue, its meta', async () => {
  const { redis } = await ownRedis();
  const queue = defineQueue<string>({ name: 'drained', maxAttempts: 2, backoff: fixed(1) });
  const producer = createProducer(queue, { redis });
  opened.push(producer);
  const done = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = createConsumer(
    queue,
    (_job, { attempt }) => {
      if (attempt === 1) throw new Error('once');
      handled += 1;
      if (handled === 50) done.resolve();
    },
    { redis },
  );
  await consumer.start();
  await producer.enqueueMany(Array.from({ length: 50 }, (_, n) => `${n}`));
  await done.promise;
  await consumer.stop();
  expect(await redis.keys('*')).toEqual(['{nines:default:0}:drained:meta']);
});

test('another layout version is refused, and so is keyPrefix', async () => {
  const { redis } = await ownRedis();
  await redis.hset('{nines:default:0}:orders:meta', 'layout', '99');
  const producer = createProducer(orders, { redis });
  opened.push(producer);
  const mismatch = { code: 'LAYOUT_MISMATCH', message: 'queue orders has Redis layout 99; this release reads layout 1' };
  await expect(producer.enqueue('x')).rejects.toMatchObject(mismatch);
  const consumer = createConsumer(orders, () => {}, { redis });
  opened.push({ close: () => consumer.stop() });
  await expect(consumer.start()).rejects.toMatchObject(mismatch);
  const inspector = createInspector(orders, { redis });
  opened.push(inspector);
  await expect(inspector.counts()).rejects.toMatchObject(mismatch);
  const scheduler = createScheduler(orders, { redis });
  opened.push(scheduler);
  await expect(scheduler.upsert('nightly', { everyMs: 1000 }, 'x')).rejects.toMatchObject(mismatch);
  await expect(scheduler.start()).rejects.toMatchObject(mismatch);
  const prefixed = redis.duplicate({ keyPrefix: 'app:', lazyConnect: true });
  expect(() => createProducer(orders, { redis: prefixed })).toThrow(expect.objectContaining({ code: 'KEY_PREFIX_UNSUPPORTED' }));
});

/** A client whose copies refuse the first SUBSCRIBE with these words, as ioredis 5 does now and then on a Cluster. */
class Refusing extends Redis {
  refused = 0;
  readonly #words: string;

  constructor(url: string, words: string) {
    super(url, { lazyConnect: true });
    this.#words = words;
  }

  override duplicate(...options: Parameters<Redis['duplicate']>): Redis {
    const copy = super.duplicate(...options);
    const subscribe = copy.subscribe.bind(copy) as (...channels: string[]) => Promise<unknown>;
    const refuseOnce = (...channels: string[]) => {
      if (this.refused > 0) return subscribe(...channels);
      this.refused += 1;
      return Promise.reject(new Error(this.#words));
    };
    return Object.assign(copy, { subscribe: refuseOnce });
  }
}

/** A connection whose first SUBSCRIBE is refused with these words. */
async function refusing(words: string) {
  const { server } = await ownRedis();
  const redis = new Refusing(server.url, words);
  opened.push({ close: () => redis.disconnect() });
  const connection = acquireConnection(redis, systemClock);
  opened.push({ close: () => connection.release() });
  await connection.listening(5000);
  return { redis, connection };
}

test.each([
  "ERR Can't execute 'info': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
  'Connection in subscriber mode, only subscriber commands may be used',
])('a SUBSCRIBE that overtook the look at a new connection (%j) is sent again', async (words) => {
  const { redis, connection } = await refusing(words);
  const heard = Promise.withResolvers<string | undefined>();
  await connection.subscribe('news', heard.resolve);
  await connection.command.publish('news', 'good');
  expect(await heard.promise).toBe('good');
  expect(redis.refused).toBe(1);
});

test('a SUBSCRIBE that is refused for good is not sent again', async () => {
  const { connection } = await refusing('NOPERM this user has no permissions to access one of the channels used');
  await expect(connection.subscribe('news', () => {})).rejects.toThrow('NOPERM');
});

test('a connection that is released twice stays open for the others who use it', async () => {
  const { redis } = await ownRedis();
  const [mine, yours] = [acquireConnection(redis, systemClock), acquireConnection(redis, systemClock)];
  await yours.reach(() => yours.command.ping(), 5000);
  mine.release();
  mine.release();
  expect(await yours.command.ping()).toBe('PONG');
  yours.release();
  await expect(yours.command.ping()).rejects.toThrow("Stream isn't writeable");
});
