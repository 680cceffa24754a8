import { Redis } from 'ioredis';
import { inject } from 'vitest';
import type { Store } from '@nines/queue';
import { systemClock } from '../src/clock.ts';
import { acquireConnection } from '../src/redis/connection.ts';
import { createRedisStore } from '../src/redis/store.ts';
import { storeSuite } from './store.suite.ts';

storeSuite('Redis', () => {
  const client = new Redis(inject('redisUrl'), { lazyConnect: true });
  const stores: Store[] = [];
  let offset = 0;
  return {
    open(options) {
      const store = createRedisStore({
        queue: options as never,
        connection: acquireConnection(client, systemClock),
        connectTimeoutMs: 10_000,
        offsetMs: () => offset,
      });
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
});

/** Every verb waits until the store is open, as producers and consumers do before their first call. */
function opened(store: Store): Store {
  return {
    ...store,
    exchange: async (request) => {
      await store.open();
      return store.exchange(request);
    },
    subscribe: async (listener) => {
      await store.open();
      return store.subscribe(listener);
    },
  };
}
