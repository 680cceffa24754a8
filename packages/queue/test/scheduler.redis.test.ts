import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { redisHarness } from './redis-harness.ts';
import { schedulerSuite } from './scheduler.suite.ts';

schedulerSuite('Redis', () => redisHarness(new Redis(inject('redisUrl'), { lazyConnect: true })));
