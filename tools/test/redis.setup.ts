import type { TestProject } from 'vitest/node';
import { ensureRedis, RedisUnavailable } from '../redis/ensure.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

/**
 * Gives every test of the project one Redis (`inject('redisUrl')`); each test keeps to a queue name of its own.
 * Without one the run fails, except on Windows, for which there is none: the address is empty then, and the runner skips.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  try {
    const redis = await ensureRedis();
    project.provide('redisUrl', redis.url);
    return () => redis.stop();
  } catch (error) {
    if (process.platform !== 'win32' || !(error instanceof RedisUnavailable)) throw error;
    project.provide('redisUrl', '');
    return async () => {};
  }
}
