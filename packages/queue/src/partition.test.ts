import { expect, test } from 'vitest';
import { defineQueue } from './define.ts';
import { newId } from './id.ts';
import { partitionOf, partitionOptions } from './partition.ts';

// Published vectors of FNV-1a, 32 bits; were they to change, jobs of a running queue would not be found.
test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['b', 0xe70c2de5],
  ['foobar', 0xbf9cf968],
])('the partition of %j follows from its FNV-1a hash', (id, hash) => {
  expect(partitionOf(id, 2 ** 32)).toBe(hash);
  expect(partitionOf(id, 7)).toBe(hash % 7);
  expect(partitionOf(id, 1)).toBe(0);
});

test('ids made in one millisecond are spread evenly', () => {
  const counts = [0, 0, 0, 0];
  for (let n = 0; n < 4000; n += 1) counts[partitionOf(newId(1_700_000_000_000), 4)]! += 1;
  // 1000 each; eight standard deviations (27) are never left by chance.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(220);
});

test('a partition has its share of what the queue may hold', () => {
  const { options } = defineQueue({ name: 'orders', partitions: 3, maxWaiting: 10, dead: { count: 10, ageMs: 5 } });
  expect(partitionOptions(options, 2)).toMatchObject({
    partition: 2,
    maxWaiting: 3,
    dead: { count: 4, ageMs: 5 },
    completed: { count: 0 },
    rateLimit: undefined,
    globalConcurrency: undefined,
  });
  const limited = defineQueue({ name: 'orders', partitions: 3, rateLimit: { count: 10, perMs: 1000 }, globalConcurrency: 11 });
  expect(partitionOptions(limited.options, 0)).toMatchObject({ rateLimit: { count: 3, perMs: 1000 }, globalConcurrency: 3 });
  const { options: whole } = defineQueue({ name: 'orders' });
  expect(partitionOptions(whole, 0)).toBe(whole);
});
