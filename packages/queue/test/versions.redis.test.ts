import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { NEWER_CACHE, newerServers } from '../../../tools/redis/newer.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';
import { consumerSuite } from './consumer.suite.ts';
import { redisHarness } from './redis-harness.ts';
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

for (const { product, version, program } of found.servers) {
  describe(`${product} ${version}`, () => {
    let server: RunningRedis;
    beforeAll(async () => {
      server = await startRedis({ program });
    });
    afterAll(() => server?.stop());

    storeSuite(`${product} ${version}`, () => redisHarness(new Redis(server.url, { lazyConnect: true })));

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
