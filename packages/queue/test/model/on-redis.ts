import type { Redis } from 'ioredis';
import { defineQueue } from '@nines/queue';
import { redisHarness } from '../redis-harness.ts';
import { modelQueue, RandomHistory } from './history.ts';

/** Keeps these, and no other key of its queue, after a history. */
const KEPT: ReadonlySet<string | undefined> = new Set(['completed', 'jobs', 'meta']);

/**
 * One history on a queue of its own on Redis; resolves to the keys that it left and should not have.
 *
 * @throws Divergence when Redis does what the model does not allow.
 */
export async function historyOnRedis(redis: Redis, seed: number, steps: number): Promise<string[]> {
  const name = `model-${process.pid}-${seed}`;
  const harness = redisHarness(redis.duplicate());
  const queue = defineQueue(modelQueue(name, seed)).options;
  const store = harness.open(queue);
  await store.open();
  await store.colocate(queue);
  await new RandomHistory({ store, queue, advance: (ms) => harness.advance(ms) }, seed).run(steps);
  await harness.close();
  const keys = await redis.keys(`{nines:default:0}:${name}:*`);
  if (keys.length > 0) await redis.del(...keys);
  return keys.filter((key) => !KEPT.has(key.split(':').at(-1)));
}
