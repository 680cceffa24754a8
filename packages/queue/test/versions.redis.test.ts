import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createInspector, createProducer, defineQueue } from '@nines/queue';
import { NEWER_CACHE, newerServers } from '../../../tools/redis/newer.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';
import { consumerSuite } from './consumer.suite.ts';
import { redisHarness } from './redis-harness.ts';
import { schedulerSuite } from './scheduler.suite.ts';
import { storeSuite } from './store.suite.ts';

// Without a Redis at all (Windows) every case of this file is skipped, so nothing is looked for.
const found =
  inject('redisUrl') === ''
    ? { servers: [], reason: 'no Redis here' }
    : await newerServers(join(import.meta.dirname, '../../..', NEWER_CACHE));

const why = found.reason === '' ? '' : ` (${found.reason})`;
// Skipped with the reason in its name when some server cannot be had, so that the closing line counts it.
test.skipIf(found.reason !== '')(`the conformance suites run on Redis 8 and Valkey 8${why}`, () => {
  expect(found.servers.map(({ product }) => product).toSorted()).toEqual(['Redis', 'Valkey']);
});

/** The append-only file that the server writes to now. */
function aofOf({ dir }: RunningRedis): string {
  const folder = join(dir, 'appendonlydir');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? '');
}

for (const { product, version, program } of found.servers) {
  describe(`${product} ${version}`, () => {
    let server: RunningRedis;
    beforeAll(async () => {
      server = await startRedis({ program });
    });
    afterAll(() => server?.stop());

    test.each([`${product} ${version}`])('with durability fsync a job survives the kill and restart of %s', async () => {
      const own = await startRedis({ program, args: ['--appendonly', 'yes', '--appendfsync', 'everysec'] });
      const redis = new Redis(own.url, { retryStrategy: () => 10 });
      redis.on('error', () => {});
      const queue = defineQueue<string>({ name: 'durable', durability: 'fsync', durabilityTimeoutMs: 4000 });
      const producer = createProducer(queue, { redis });
      const inspector = createInspector(queue, { redis });
      onTestFinished(async () => {
        await producer.close();
        await inspector.close();
        redis.disconnect();
        await own.stop('SIGKILL');
      });
      await producer.ready();
      const results = await producer.enqueueMany(['a', 'b', 'c']);
      // What WAITAOF has confirmed: nothing that Redis wrote is waiting for the disk.
      const size = statSync(aofOf(own)).size;
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      await own.restart('SIGKILL', () => truncateSync(aofOf(own), size));
      await expect.poll(() => inspector.counts().catch(() => undefined)).toMatchObject({ waiting: 3 });
    });

    storeSuite(`${product} ${version}`, () => redisHarness(new Redis(server.url, { lazyConnect: true })));

    schedulerSuite(`${product} ${version}`, () => redisHarness(new Redis(server.url, { lazyConnect: true })));

    let client: Redis | undefined;
    consumerSuite(
      `${product} ${version}`,
      () => ({ redis: (client ??= new Redis(server.url)) }),
      () => {
        client?.disconnect();
        client = undefined;
      },
    );
  });
}
