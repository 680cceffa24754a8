import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { createConsumer, createInspector, createProducer, defineQueue, type QueueError, type QueueOptions } from '@nines/queue';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function server(...args: readonly string[]): Promise<{ server: RunningRedis; redis: Redis }> {
  const running = await startRedis({ program: 'redis-server', args });
  opened.push({ close: () => running.stop('SIGKILL') });
  return { server: running, redis: connect(running) };
}

function connect({ url }: RunningRedis): Redis {
  const redis = new Redis(url);
  opened.push({ close: () => redis.disconnect() });
  return redis;
}

/** A primary, and a replica that has caught up with it. */
async function replicated() {
  const primary = await server('--repl-diskless-sync-delay', '0');
  const replica = await server('--replicaof', '127.0.0.1', String(primary.server.port), '--replica-read-only', 'no');
  await primary.redis.set('first', '1');
  expect(await primary.redis.wait(1, 30_000)).toBe(1);
  return { primary, replica };
}

function define(name: string, options: Partial<QueueOptions> = {}) {
  return defineQueue<string>({ name, durability: 'replicated', ...options });
}

function producerOf(queue: ReturnType<typeof define>, redis: Redis) {
  const producer = createProducer(queue, { redis });
  opened.push(producer);
  return producer;
}

test('a replicated job is there when its replica is promoted', async () => {
  const { primary, replica } = await replicated();
  const queue = define('orders');
  const results = await producerOf(queue, primary.redis).enqueueMany(['a', 'b', 'c']);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  await primary.server.stop('SIGKILL');
  await replica.redis.replicaof('NO', 'ONE');
  const inspector = createInspector(queue, { redis: replica.redis });
  opened.push(inspector);
  expect(await inspector.counts()).toMatchObject({ waiting: 3 });
});

test('fewer acknowledgements than asked reject with DURABILITY_NOT_REACHED; the job is there, and the same id reaches it later', async () => {
  const { primary, replica } = await replicated();
  const queue = define('orders', { durabilityTimeoutMs: 50 });
  process.kill(replica.server.pid, 'SIGSTOP');
  const producer = producerOf(queue, primary.redis);
  await expect(producer.enqueue('a', { id: 'order-1' })).rejects.toMatchObject({ code: 'DURABILITY_NOT_REACHED', retryable: true });
  expect(await primary.redis.hlen('{nines:default:0}:orders:jobs')).toBe(1);
  // A connection that has written nothing itself must wait all the same.
  const other = producerOf(queue, connect(primary.server));
  await expect(other.enqueue('a', { id: 'order-1' })).rejects.toMatchObject({ code: 'DURABILITY_NOT_REACHED' });
  process.kill(replica.server.pid, 'SIGCONT');
  await primary.redis.set('last', '1');
  expect(await primary.redis.wait(1, 30_000)).toBe(1);
  const patient = producerOf(define('orders', { durabilityTimeoutMs: 4000 }), connect(primary.server));
  expect(await patient.enqueue('a', { id: 'order-1' })).toMatchObject({ created: false });
});

test('a durable queue opens one connection more, a queue in memory none', async () => {
  const { redis } = await server();
  const clients = async () =>
    String(await redis.client('LIST'))
      .split('\n')
      .filter((line) => line.includes('cmd=')).length;
  const before = await clients();
  await producerOf(define('plain', { durability: 'memory' }), redis).enqueue('a');
  expect(await clients()).toBe(before + 2);
  await expect(producerOf(define('durable', { durabilityTimeoutMs: 1 }), redis).enqueue('a')).rejects.toMatchObject({
    code: 'DURABILITY_NOT_REACHED',
  });
  expect(await clients()).toBe(before + 3);
});

test('durability fsync is refused at the start where Redis cannot wait for its disk', async () => {
  const { redis } = await server('--appendonly', 'no');
  const queue = define('orders', { durability: 'fsync' });
  await expect(producerOf(queue, redis).enqueue('a')).rejects.toMatchObject({ code: 'DURABILITY_UNSUPPORTED', retryable: false });
  const consumer = createConsumer(queue, () => {}, { redis });
  opened.push({ close: () => consumer.stop() });
  await expect(consumer.start()).rejects.toMatchObject({ code: 'DURABILITY_UNSUPPORTED' });
});

test('a Redis that may drop any key is refused unless it is allowed', async () => {
  const { redis } = await server('--maxmemory-policy', 'allkeys-lru');
  const inMemory = { durability: 'memory' } as const;
  await expect(producerOf(define('orders', inMemory), redis).enqueue('a')).rejects.toMatchObject({ code: 'EVICTION_POLICY' });
  expect(await producerOf(define('orders', { ...inMemory, evictionAllowed: true }), redis).enqueue('a')).toMatchObject({ created: true });
});

test.each([
  ['no', ['NOT_PERSISTENT']],
  ['yes', []],
])('with appendonly %s a consumer is warned of %j when it starts', async (appendonly, codes) => {
  const { redis } = await server('--appendonly', appendonly);
  const warnings: QueueError[] = [];
  const consumer = createConsumer(define('orders', { durability: 'memory' }), () => {}, {
    redis,
    onError: (error) => warnings.push(error),
  });
  opened.push({ close: () => consumer.stop() });
  await consumer.start();
  expect(warnings.map(({ code }) => code)).toEqual(codes);
});
