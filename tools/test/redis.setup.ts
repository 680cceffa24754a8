import type { TestProject } from 'vitest/node';
import { startRedis } from '../redis/start.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

/** Gives every test of the project one Redis (`inject('redisUrl')`); each test keeps to a queue name of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined) {
    project.provide('redisUrl', given);
    return async () => {};
  }
  const redis = await startRedis({ program: 'redis-server' });
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}
