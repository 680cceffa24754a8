import type { RedisClient, Store } from '@nines/queue';
import { systemClock } from '../src/clock.ts';
import { acquireConnection } from '../src/redis/connection.ts';
import { createRedisStore } from '../src/redis/store.ts';
import type { StoreHarness } from './store-cases/actor.ts';

/** Runs the store suite on a connection, whose time moves by an offset in the scripts; closes the connection in the end. */
export function redisHarness(client: RedisClient): StoreHarness {
  const stores: Store[] = [];
  let offset = 0;
  return {
    open(options) {
      const connection = acquireConnection(client, systemClock);
      const store = createRedisStore({ queue: options, connection, connectTimeoutMs: 10_000, offsetMs: () => offset });
      stores.push(store);
      return opened(store);
    },
    advance(ms) {
      offset += ms;
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      client.disconnect();
    },
  };
}

/** Every verb waits until the store is open, as producers and consumers do before their first call. */
function opened(store: Store): Store {
  return {
    ...store,
    exchange: async (request) => {
      await store.open();
      return store.exchange(request);
    },
    colocate: async (target) => {
      await store.open();
      return store.colocate(target);
    },
    listen: async (listener) => {
      await store.open();
      return store.listen(listener);
    },
    subscribe: async (listener) => {
      await store.open();
      return store.subscribe(listener);
    },
  };
}
