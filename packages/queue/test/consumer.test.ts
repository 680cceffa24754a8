import { memoryStore } from '@nines/queue/testing';
import { consumerSuite } from './consumer.suite.ts';

let store = memoryStore();
consumerSuite(
  'memory',
  () => ({ store }),
  () => {
    store = memoryStore();
  },
);
