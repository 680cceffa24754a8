import { systemClock, type Clock } from './clock.ts';
import type { Queue } from './define.ts';
import { refuse } from './options.ts';
import { partitionsOf } from './partition.ts';
import { acquireConnection, type RedisClient } from './redis/connection.ts';
import { createRedisStore } from './redis/store.ts';
import type { Store } from './store.ts';

/** Where the jobs are: an ioredis connection, which is only duplicated, or a store such as `memoryStore()`. */
export type Backend =
  | { readonly redis: RedisClient; readonly store?: undefined }
  | { readonly store: StoreFactory; readonly redis?: undefined };

/** Gives the store of one partition of a queue (`queue.options.partition`); `memoryStore()` of `@nines/queue/testing` is one. */
export type StoreFactory = (queue: Queue<unknown>) => Store;

/**
 * Gives the store of each partition of a queue, for tools that work on the verbs themselves; the connections are those that all queues of the
 * process share, so close each store. Producers, consumers, inspectors and schedulers call it; you need none of it to use them.
 *
 * @throws {QueueError} `INVALID_OPTION` when there is no backend; `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { defineQueue, openStores } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const [store] = openStores(defineQueue<string>({ name: 'orders' }), { store: memoryStore() });
 * console.log((await store?.counts())?.waiting); // 0
 * ```
 */
export function openStores(
  queue: Queue<unknown>,
  backend: Backend,
  clock: Clock = systemClock,
  connectTimeoutMs: number = 10_000,
): readonly Store[] {
  if (backend.store !== undefined) return partitionsOf(queue).map((partition) => backend.store(partition));
  const { redis } = backend;
  if (typeof redis?.duplicate !== 'function') refuse('redis', redis, 'an ioredis connection (Redis or Cluster)');
  return partitionsOf(queue).map(({ options }) => {
    return createRedisStore({ queue: options, connection: acquireConnection(redis, clock), connectTimeoutMs });
  });
}
