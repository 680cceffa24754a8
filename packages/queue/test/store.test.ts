import { memoryStore } from '@nines/queue/testing';
import { storeSuite } from './store.suite.ts';

storeSuite('memory', () => {
  let now = 1_700_000_000_000;
  const store = memoryStore({ nowMs: () => now });
  return {
    open: (options) => store({ name: options.name, options: options, schema: undefined }),
    advance(ms) {
      now += ms;
    },
    close: () => Promise.resolve(),
  };
});
