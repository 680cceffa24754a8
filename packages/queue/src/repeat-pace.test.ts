import { expect, test } from 'vitest';
import { QueueError } from './errors.ts';
import { createRepeatPace } from './repeat-pace.ts';

const away = new QueueError('REDIS_UNAVAILABLE', 'away', { retryable: true });
const refused = new QueueError('REDIS_REFUSED', 'no permission');

test('what may succeed at once is repeated soon, however often', () => {
  const pace = createRepeatPace({ leaseMs: 10_000 });
  expect([away, away, away].map((error) => pace.after(error))).toEqual([100, 100, 100]);
});

test('what was refused is repeated ever more slowly, up to a third of the lease and to 5 s, until there is an answer', () => {
  const pace = createRepeatPace({ leaseMs: 3000 });
  expect(Array.from({ length: 6 }, () => pace.after(refused))).toEqual([100, 200, 400, 800, 1000, 1000]);
  pace.answered();
  expect(pace.after(refused)).toBe(100);
  const slow = createRepeatPace({ leaseMs: 60_000 });
  expect(Array.from({ length: 8 }, () => slow.after(refused)).at(-1)).toBe(5000);
});
