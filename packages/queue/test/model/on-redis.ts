import type { Redis } from 'ioredis';
import { defineQueue } from '@nines/queue';
import { redisHarness } from '../redis-harness.ts';
import { byText, same } from './divergence.ts';
import { RandomHistory } from './history.ts';
import { modelQueue } from './setting.ts';

/** Keeps these, and no other key of its queue, after a history. */
const KEPT: ReadonlySet<string | undefined> = new Set(['completed', 'jobs', 'meta', 'dedup', 'dedup_ids', 'results', 'results_at']);

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
  await sameKeys(redis, `{nines:default:0}:${name}:`);
  const keys = await redis.keys(`{nines:default:0}:${name}:*`);
  if (keys.length > 0) await redis.del(...keys);
  return keys.filter((key) => !KEPT.has(key.split(':').at(-1)));
}

/** Keys under which jobs are remembered go with their jobs. */
async function sameKeys(redis: Redis, prefix: string): Promise<void> {
  const byJob = await redis.hgetall(`${prefix}dedup_ids`);
  const owners = Object.entries(await redis.hgetallBuffer(`${prefix}dedup`));
  const pairs = owners.map(([key, entry]) => `${entry.toString('latin1', 16)} ${key}`);
  same(
    'keys and their jobs',
    pairs.toSorted(byText),
    Object.entries(byJob)
      .map(([id, key]) => `${id} ${key}`)
      .toSorted(byText),
  );
  const jobs = new Set(await redis.hkeys(`${prefix}jobs`));
  same(
    'keys of jobs that are gone',
    Object.keys(byJob).filter((id) => !jobs.has(id)),
    [],
  );
}
