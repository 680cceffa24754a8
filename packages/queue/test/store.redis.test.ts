import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { redisHarness } from './redis-harness.ts';
import { storeSuite } from './store.suite.ts';

storeSuite('Redis', () => redisHarness(new Redis(inject('redisUrl'), { lazyConnect: true })));
