import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { historyOnRedis } from './model/on-redis.ts';

const STEPS = 500;
let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

// Concurrent, so that they wait together. 10⁵ steps on Redis: npm run soak -- queue-model.
test.concurrent.each(Array.from({ length: 20 }, (_, at) => 1000 + at))(
  'Redis does what the model does, and keeps no key that it should not (seed %i)',
  async (seed) => {
    expect(await historyOnRedis(redis, seed, STEPS)).toEqual([]);
  },
);
