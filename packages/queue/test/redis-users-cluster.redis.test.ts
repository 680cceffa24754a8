import { Cluster, Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { startCluster } from '../../../tools/redis/cluster.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import type { Role } from '../../../tools/redis-users/rights.ts';
import { guideLines } from './guarded-redis.ts';

/** What the guide says that every user of a Cluster needs besides. */
const ON_CLUSTER = ['+cluster|slots', '+cluster|info', '+client|setname'];

test.skipIf(inject('redisUrl') === '')('the lines of the guide do on a Cluster, with the rights that it names besides', async () => {
  const cluster = await startCluster(onPath('redis-server') ?? onPath('valkey-server') ?? 'redis-server');
  onTestFinished(() => cluster.stop());
  const { nodes } = cluster;
  const admins = nodes.map(({ url }) => new Redis(url));
  for (const admin of admins) {
    admin.on('error', () => {});
    onTestFinished(() => admin.disconnect());
    for (const line of guideLines.slice(1)) {
      const [, name = '', ...rules] = line.replace('CHANGE-ME', 'secret').split(' ');
      await admin.acl('SETUSER', name, ...rules, ...ON_CLUSTER);
    }
  }
  const connect = (username: Role) => {
    const redisOptions = { username, password: 'secret', disableClientInfo: true };
    const redis = new Cluster([{ host: '127.0.0.1', port: nodes[0]!.port }], { redisOptions });
    redis.on('error', () => {});
    onTestFinished(() => redis.disconnect());
    return { redis };
  };
  const orders = defineQueue<number>({ name: 'orders', partitions: 8 });
  const handled = new Set<number>();
  const consumer = createConsumer(orders, ({ payload }) => void handled.add(payload), connect('consumer'));
  onTestFinished(async () => void (await consumer.stop({ timeoutMs: 0 })));
  await consumer.start();
  const producer = createProducer(orders, connect('producer'));
  onTestFinished(() => producer.close());
  const sent = await producer.enqueueMany(Array.from({ length: 100 }, (_, at) => at));
  expect(sent.filter(({ status }) => status === 'rejected')).toEqual([]);
  await expect.poll(() => handled.size).toBe(100);
  for (const admin of admins) expect(await admin.acl('LOG')).toEqual([]);
});
