import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { createFaultProxy } from '@nines/resilience/chaos';
import { collector, counter, createRegistry, gauge, metricsHandler } from '@nines/telemetry/metrics';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';

test('collectors that throw or hang and a Redis that is cut off cost fifty scrapes at a time their own metrics and nothing else', async () => {
  const { hostname: host, port } = new URL(inject('redisUrl'));
  const proxy = await createFaultProxy({ upstream: { host, port: Number(port) } });
  const redis = new Redis({ host: proxy.host, port: proxy.port });
  redis.on('error', () => undefined);
  const registry = createRegistry();
  const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] });
  const level = gauge(registry, { name: 'level', help: 'Level.' });
  const depth = collector(registry, {
    name: 'queue_depth',
    help: 'Waiting jobs.',
    timeoutMs: 300,
    collect: async (set) => set(await redis.llen('scrape-test')),
  });
  const key = 'scrape-test';
  onTestFinished(async () => {
    depth.stop();
    redis.disconnect();
    await proxy.close();
  });
  let collections = 0;
  const shape = (name: string, get: () => unknown) => ({
    name,
    help: 'Bad.',
    type: 'gauge',
    aggregator: 'sum',
    get,
    reset: () => undefined,
  });
  registry.registerMetric(
    shape('throws', () => {
      throw new Error('no');
    }),
  );
  registry.registerMetric(shape('hangs', () => new Promise(() => void (collections += 1))));
  registry.registerMetric(
    shape('asks_redis', async () => ({ ...shape('asks_redis', () => 0), values: [{ value: await redis.llen(key), labels: {} }] })),
  );
  const server = createServer(metricsHandler(registry, { timeoutMs: 200 })).listen(0, '127.0.0.1');
  await new Promise((resolve) => void server.once('listening', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scrape = async (): Promise<[number, string]> => {
    const response = await fetch(url);
    return [response.status, await response.text()];
  };

  await depth.refresh();
  const [, whole] = await scrape();
  expect(whole).toContain('asks_redis 0\n');
  expect(whole).toContain('queue_depth 0\n');

  proxy.add({ type: 'timeout', ms: 0 });
  await depth.refresh();
  jobs.inc({ queue: 'mail' }, 7);
  level.set(3);
  const answers = await Promise.all(Array.from({ length: 50 }, scrape));
  for (const [status, text] of answers) {
    expect(status).toBe(200);
    expect(text).toContain('jobs_total{queue="mail"} 7\n');
    expect(text).toContain('level 3\n');
    for (const name of ['throws', 'hangs', 'asks_redis', 'queue_depth'])
      expect(text).toContain(`telemetry_collector_up{metric="${name}"} 0\n`);
    expect(text).not.toMatch(/^asks_redis /mu);
    // Collected in the background, so its last values are shown until they are stale.
    expect(text).toContain('queue_depth 0\n');
  }
  expect(collections).toBe(1);

  proxy.clear();
  await expect.poll(async () => (await scrape())[1], { timeout: 20_000 }).toMatch(/^asks_redis 0$/mu);
});
