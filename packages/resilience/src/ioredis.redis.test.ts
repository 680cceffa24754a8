import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { fixed, pipeline, type PipelineEvent, retry, timeout } from '@nines/resilience';
import { createFaultProxy } from '@nines/resilience/chaos';
import { redisErrors, redisWith } from '@nines/resilience/ioredis';

/** A real ioredis, through a proxy that can go bad, to a real Redis; commands go through a pipeline. */
async function through() {
  const { hostname: host, port } = new URL(inject('redisUrl'));
  const proxy = await createFaultProxy({ upstream: { host, port: Number(port) }, seed: 1 });
  const client = new Redis({ host: '127.0.0.1', port: proxy.port, maxRetriesPerRequest: 0, retryStrategy: () => 1 });
  client.on('error', () => {});
  onTestFinished(async () => {
    client.disconnect();
    await proxy.close();
  });
  const policies = [retry({ maxAttempts: 50, backoff: fixed(5) }), timeout({ attemptMs: 5_000 })];
  const redisPipeline = pipeline('redis', policies, { classify: redisErrors() });
  const events: PipelineEvent[] = [];
  redisPipeline.subscribe((event) => void events.push(event));
  const attempts = () => events.filter((event) => event.type === 'attempt').length;
  return { proxy, redis: redisWith(redisPipeline, client), attempts };
}

test('on a real Redis a read gets through a connection that is cut, and a write whose fate is not known is not run again', async () => {
  const { proxy, redis, attempts } = await through();
  const key = `resilience-${crypto.randomUUID()}`;
  expect(await redis.set(key, '1')).toBe('OK');
  expect(await redis.get(key)).toBe('1');
  const before = attempts();
  const cut = proxy.add({ type: 'reset_peer', ms: 0 });
  const read = redis.get(key);
  await expect.poll(() => attempts() - before).toBeGreaterThanOrEqual(2);
  cut();
  expect(await read).toBe('1');
  const beforeWrite = attempts();
  const again = proxy.add({ type: 'reset_peer', ms: 0 });
  await expect(redis.incr(key)).rejects.toThrow();
  expect(attempts() - beforeWrite).toBe(1);
  again();
  expect(Number(await redis.get(key))).toBeLessThanOrEqual(2);
  await redis.del(key);
});

test("on a real Redis a mistake of the program is the program's, and what stays outside works as before", async () => {
  const { redis, attempts } = await through();
  const key = `resilience-${crypto.randomUUID()}`;
  await redis.set(key, 'text');
  const before = attempts();
  await expect(redis.lpush(key, 'x')).rejects.toThrow('WRONGTYPE');
  expect(attempts() - before).toBe(1);
  expect(await redis.multi().get(key).del(key).exec()).toEqual([
    [null, 'text'],
    [null, 1],
  ]);
});
