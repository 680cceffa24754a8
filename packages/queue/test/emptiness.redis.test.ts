import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createIsGone } from '../src/redis/emptiness.ts';
import { ManualClock } from './manual-clock.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

/** Counts the commands that are sent, and still sends them. */
function counted() {
  let sent = 0;
  const exists = async (...keys: string[]) => {
    sent += 1;
    return redis.exists(...keys);
  };
  return { client: { exists }, commands: () => sent };
}

test('what many idle queues ask in a moment is one command, and one that has jobs spoils it only once', async () => {
  const clock = new ManualClock();
  const { client, commands } = counted();
  const isGone = createIsGone(client, clock);
  const keys = Array.from({ length: 20 }, (_, at) => `{emptiness:${process.pid}}:${at}`);
  const askAll = () => {
    const answers = Promise.all(keys.map(isGone));
    clock.advance(20);
    return answers;
  };
  expect(await askAll()).toEqual(keys.map(() => true));
  expect(commands()).toBe(1);
  await redis.set(keys[7]!, 'x', 'EX', 60);
  expect(await askAll()).toEqual(keys.map((_, at) => at !== 7));
  expect(commands()).toBe(1 + 1 + 20);
  expect(await askAll()).toEqual(keys.map((_, at) => at !== 7));
  expect(commands()).toBe(22 + 2);
  await redis.del(keys[7]!);
  expect(await askAll()).toEqual(keys.map(() => true));
  expect(commands()).toBe(24 + 2);
  expect(await askAll()).toEqual(keys.map(() => true));
  expect(commands()).toBe(26 + 1);
});

test('keys of different hash tags are asked apart, and the same key is asked once', async () => {
  const clock = new ManualClock();
  const { client, commands } = counted();
  const isGone = createIsGone(client, clock);
  const answers = Promise.all([isGone('{a}:1'), isGone('{b}:1'), isGone('{a}:1')]);
  clock.advance(20);
  expect(await answers).toEqual([true, true, true]);
  expect(commands()).toBe(2);
});

test('a refusal reaches everybody who asked', async () => {
  const clock = new ManualClock();
  const refused = { exists: () => Promise.reject(new Error('Connection is closed.')) };
  const isGone = createIsGone(refused, clock);
  const answers = Promise.allSettled([isGone('{a}:1'), isGone('{a}:2')]);
  clock.advance(20);
  for (const answer of await answers) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'REDIS_UNAVAILABLE' } });
});
