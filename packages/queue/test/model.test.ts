import { expect, test } from 'vitest';
import { memoryStore } from '@nines/queue/testing';
import { defineQueue } from '@nines/queue';
import { RandomHistory } from './model/history.ts';
import { modelQueue } from './model/setting.ts';

const STEPS = 1000;

// 100 histories of 1000 steps, each named by its seed, so that one that fails can be run alone.
test.each(Array.from({ length: 100 }, (_, at) => 1000 + at))('memory does what the model does (seed %i)', async (seed) => {
  let now = 1_700_000_000_000;
  const queue = defineQueue(modelQueue('model', seed));
  const store = memoryStore({ nowMs: () => now })(queue);
  const history = new RandomHistory({ store, queue: queue.options, advance: (ms) => (now += ms) }, seed);
  await expect(history.run(STEPS)).resolves.toBeUndefined();
});
