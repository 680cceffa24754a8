import { expect, test } from 'vitest';
import { createDrainRate } from './drain-rate.ts';

test('a full queue that drains 100 jobs a second has room for the 50th refused job in half a second', () => {
  const rate = createDrainRate();
  for (let ms = 0; ms <= 2000; ms += 100) rate.observe(1000, 10, ms);
  expect(rate.retryAfterMs(50)).toBe(500);
  expect(rate.retryAfterMs(1)).toBe(50);
});

test('the rate follows a change, and never asks for more than a minute', () => {
  const rate = createDrainRate();
  for (let ms = 0; ms <= 2000; ms += 100) rate.observe(1000, 10, ms);
  for (let ms = 2100; ms <= 60_000; ms += 100) rate.observe(1000, 0, ms);
  expect(rate.retryAfterMs(1)).toBe(60_000);
});

test('without a measurement it is a second, and so it is when no time passes', () => {
  const rate = createDrainRate();
  expect(rate.retryAfterMs(1)).toBe(1000);
  rate.observe(10, 5, 7);
  rate.observe(15, 5, 7);
  expect(rate.retryAfterMs(1)).toBe(1000);
});

test('a queue that others fill faster than it drains asks for patience, not for a negative time', () => {
  const rate = createDrainRate();
  rate.observe(100, 0, 0);
  rate.observe(900, 0, 1000);
  expect(rate.retryAfterMs(1)).toBe(60_000);
});
