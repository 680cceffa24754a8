import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis5';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createInspector, createProducer, defineQueue } from '@nines/queue';
import { startCluster, type RunningCluster } from '../../../tools/redis/cluster.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { cli } from './cli/process.ts';
import { consumerSuite } from './consumer.suite.ts';
import { redisHarness } from './redis-harness.ts';
import { schedulerSuite } from './scheduler.suite.ts';
import { storeSuite } from './store.suite.ts';

let cluster: RunningCluster;

beforeAll(async () => {
  // Without a Redis at all (Windows) every case of this file is skipped, so none is started.
  if (inject('redisUrl') !== '') cluster = await startCluster(onPath('redis-server') ?? onPath('valkey-server') ?? 'redis-server');
});
afterAll(() => cluster?.stop());

const nodes = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));

storeSuite('a Cluster of three nodes', () => redisHarness(new Cluster(nodes())));
schedulerSuite('a Cluster of three nodes', () => redisHarness(new Cluster(nodes())));

for (const [name, connect] of [
  ['ioredis 6', () => new Cluster(nodes())],
  ['ioredis 5', () => new Cluster5(nodes()) as unknown as Cluster],
] as const) {
  let client: Cluster | undefined;
  consumerSuite(
    `a Cluster by ${name}`,
    () => ({ redis: (client ??= connect()) }),
    () => {
      client?.disconnect();
      client = undefined;
    },
  );
}

test('on a Cluster the wait for replicas goes to the node that has the queue', async () => {
  const redis = new Cluster(nodes());
  onTestFinished(() => redis.disconnect());
  for (const namespace of ['one', 'two', 'three', 'four']) {
    const queue = defineQueue<string>({ name: 'durable', namespace, durability: 'replicated', durabilityTimeoutMs: 1 });
    await using producer = createProducer(queue, { redis });
    await expect(producer.enqueue('a')).rejects.toMatchObject({ code: 'DURABILITY_NOT_REACHED' });
    await using inspector = createInspector(queue, { redis });
    expect(await inspector.counts()).toMatchObject({ waiting: 1 });
  }
});

test('on a Cluster the partitions of a queue are on several nodes', async () => {
  const redis = new Cluster(nodes());
  onTestFinished(() => redis.disconnect());
  const queue = defineQueue<string>({ name: 'spread', partitions: 8 });
  await using producer = createProducer(queue, { redis });
  await producer.enqueueMany(Array.from({ length: 100 }, (_, n) => `${n}`));
  const found = await Promise.all(redis.nodes('master').map((node) => node.keys('*:spread:jobs')));
  expect(found.flat()).toHaveLength(8);
  expect(found.filter((keys) => keys.length > 0).length).toBeGreaterThan(1);
});

test('nines-queue --cluster finds the queue wherever it is', async () => {
  const redis = new Cluster(nodes());
  onTestFinished(() => redis.disconnect());
  for (const namespace of ['one', 'two', 'three']) {
    const queue = defineQueue<string>({ name: 'cli', namespace, partitions: 4 });
    await using producer = createProducer(queue, { redis });
    await producer.enqueue('x', { id: 'a' });
    const common = ['--queue', 'cli', '--namespace', namespace, '--cluster', '--redis', `redis://127.0.0.1:${cluster.nodes[0]!.port}`];
    expect(await cli('get', 'a', ...common, '--payload')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('payload   "x"') as string,
    });
  }
});

test.each([
  ['6', Cluster],
  ['5', Cluster5 as unknown as typeof Cluster],
])('a Cluster with a password is reached by ioredis %s', async (major, Client) => {
  const password = 'a password';
  const direct = nodes().map((node) => new Redis(node));
  onTestFinished(async () => {
    await Promise.all(direct.map((node) => node.config('SET', 'requirepass', '')));
    for (const node of direct) node.disconnect();
  });
  await Promise.all(direct.map((node) => node.config('SET', 'requirepass', password)));
  const redis = new Client(nodes(), { redisOptions: { password } });
  onTestFinished(() => redis.disconnect());
  await using producer = createProducer(defineQueue<string>({ name: `password-${major}` }), { redis });
  expect(await producer.enqueue('x')).toMatchObject({ created: true });
});
