import type { Clock } from './clock.ts';
import type { Queue } from './define.ts';
import { refuse } from './options.ts';
import { acquireConnection, type RedisClient } from './redis/connection.ts';
import { createRedisStore } from './redis/store.ts';
import type { Store } from './store.ts';

/** Where the jobs are: an ioredis connection, which is only duplicated, or a store such as `memoryStore()`. */
export type Backend =
  | { readonly redis: RedisClient; readonly store?: undefined }
  | { readonly store: StoreFactory; readonly redis?: undefined };

/** Gives the store of one queue; `memoryStore()` of `@nines/queue/testing` is one. */
export type StoreFactory = (queue: Queue<unknown>) => Store;

/** @throws {QueueError} `INVALID_OPTION` when there is neither; `KEY_PREFIX_UNSUPPORTED`. */
export function openStore(queue: Queue<unknown>, backend: Backend, clock: Clock, connectTimeoutMs: number): Store {
  if (backend.store !== undefined) return backend.store(queue);
  if (typeof backend.redis?.duplicate !== 'function') refuse('redis', backend.redis, 'an ioredis connection (Redis or Cluster)');
  return createRedisStore({ queue: queue.options, connection: acquireConnection(backend.redis, clock), connectTimeoutMs });
}
