import { expect, test } from 'vitest';
import { ManualClock } from '../../test/manual-clock.ts';
import { createPace } from './pace.ts';

/** Whether a promise is settled, after all that is ready has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<'not yet'>((resolve) => setImmediate(() => resolve('not yet')));
  return (await Promise.race([promise, turn])) !== 'not yet';
}

test.each([
  [0.5, 1],
  [7, 1],
  [100, 10],
  [1_000_000, 1000],
])('at %d a second there are about ten steps a second, of %i each', (rate, batchSize) => {
  expect(createPace(rate, new ManualClock(), undefined).batchSize).toBe(batchSize);
});

test('a step waits as long as what was taken before it allows, and a stall is not made up for', async () => {
  const clock = new ManualClock();
  const pace = createPace(50, clock, undefined);
  expect(await pace.ready(0)).toBe(true);
  const second = pace.ready(5);
  clock.advance(99);
  expect(await settled(second)).toBe(false);
  clock.advance(1);
  expect(await second).toBe(true);
  clock.advance(60_000);
  expect(await pace.ready(10)).toBe(true);
  const next = pace.ready(15);
  expect(await settled(next)).toBe(false);
  clock.advance(100);
  expect(await next).toBe(true);
});

test('a wait ends at once with the signal, and leaves no timer', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const pace = createPace(0.01, clock, stop.signal);
  expect(await pace.ready(0)).toBe(true);
  const waiting = pace.ready(1);
  stop.abort();
  expect(await waiting).toBe(false);
  expect(await pace.ready(1)).toBe(false);
});
