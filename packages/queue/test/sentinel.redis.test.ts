import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createConsumer, createInspector, createProducer, defineQueue } from '@nines/queue';
import { onPath } from '../../../tools/redis/machine.ts';
import { startSentinel, type RunningSentinel } from '../../../tools/redis/sentinel.ts';
import { consumerSuite } from './consumer.suite.ts';
import { redisHarness } from './redis-harness.ts';
import { storeSuite } from './store.suite.ts';

let sentinel: RunningSentinel;

beforeAll(async () => {
  // Without a Redis at all (Windows) every case of this file is skipped, so none is started.
  if (inject('redisUrl') !== '') sentinel = await startSentinel(onPath('redis-server') ?? onPath('valkey-server') ?? 'redis-server');
});
afterAll(() => sentinel?.stop());

const options = () => ({
  sentinels: [...sentinel.sentinels],
  name: sentinel.name,
  retryStrategy: () => 20,
  sentinelRetryStrategy: () => 20,
});
const clients = [
  ['ioredis 6', () => new Redis(options())],
  ['ioredis 5', () => new Redis5(options()) as unknown as Redis],
] as const;

// First a failover, so that the suites below run on a primary that was a replica.
test('the primary dies under load and a replica is promoted: every acknowledged job is handled, by ioredis 5 and 6', async () => {
  const queues = clients.map(([name, connect], at) => {
    const redis = connect();
    redis.on('error', () => {});
    // Both replicas must have a job, since either may be promoted.
    const queue = defineQueue<number>({ name: `failover-${at}`, durability: 'replicated', replicas: 2, durabilityTimeoutMs: 300 });
    const handled = new Set<number>();
    const producer = createProducer(queue, { redis, enqueueTimeoutMs: 500 });
    const consumer = createConsumer(queue, ({ payload }) => void handled.add(payload), { redis });
    const inspector = createInspector(queue, { redis });
    onTestFinished(async () => {
      await consumer.stop();
      await producer.close();
      await inspector.close();
      redis.disconnect();
    });
    return { name, handled, producer, consumer, inspector, acknowledged: new Set<number>() };
  });
  await Promise.all(queues.map(({ consumer }) => consumer.start()));
  let next = 0;
  const over = new AbortController();
  const load = queues.map(async ({ producer, acknowledged }) => {
    while (!over.signal.aborted) {
      const batch = Array.from({ length: 20 }, () => (next += 1));
      const results = await producer.enqueueMany(batch);
      for (const [at, { status }] of results.entries()) if (status === 'fulfilled') acknowledged.add(batch[at]!);
    }
  });
  const before = sentinel.nodes[0]!;
  await expect.poll(() => queues.every(({ acknowledged }) => acknowledged.size > 0)).toBe(true);
  const promoted = await sentinel.failOver();
  expect(promoted.port).not.toBe(before.port);
  over.abort();
  await Promise.all(load);
  for (const { name, handled, acknowledged } of queues) {
    await expect.poll(() => [...acknowledged].filter((job) => !handled.has(job)), { message: name }).toEqual([]);
  }
});

storeSuite('a primary that Sentinel promoted', () => redisHarness(new Redis(options())));

for (const [name, connect] of clients) {
  let client: Redis | undefined;
  consumerSuite(
    `a primary that Sentinel promoted, by ${name}`,
    () => ({ redis: (client ??= connect()) }),
    () => {
      client?.disconnect();
      client = undefined;
    },
  );
}
