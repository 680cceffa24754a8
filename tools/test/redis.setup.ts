import type { TestProject } from 'vitest/node';
import { ensureRedis } from '../redis/ensure.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

/** Gives every test of the project one Redis (`inject('redisUrl')`); each test keeps to a queue name of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await ensureRedis();
  project.provide('redisUrl', redis.url);
  return () => redis.stop();
}
