import { expect, test } from 'vitest';
import { startArrivals } from './arrivals.ts';

test('what was due while this process stood still arrives afterwards, each with the moment at which it was due', async () => {
  const due: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const arrivals = startArrivals(1000, (dueMs) => {
    due.push(dueMs);
    // The first one blocks everything for a tenth of a second, as a busy machine may.
    if (due.length === 1) for (const until = performance.now() + 100; performance.now() < until;);
    if (due.length === 150) resolve();
  });
  await promise;
  arrivals.stop();
  for (const [index, dueMs] of due.entries()) expect(dueMs - (due[0] ?? 0)).toBeCloseTo(index, 6);
});

test('another rate holds at once, also when the next event was due in an hour', async () => {
  let [count, resolve] = [0, () => {}];
  const tenMore = new Promise<void>((done) => (resolve = done));
  const arrivals = startArrivals(1 / 3600, () => {
    if (++count === 11) resolve();
  });
  expect(count).toBe(1);
  arrivals.setRate(1000);
  await tenMore;
  arrivals.stop();
  const stopped = count;
  await new Promise((done) => setImmediate(done));
  expect(count).toBe(stopped);
});
