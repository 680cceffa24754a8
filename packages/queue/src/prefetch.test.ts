import { expect, test } from 'vitest';
import { defaults } from './options.ts';
import { createPrefetch, type Prefetch } from './prefetch.ts';
import type { ClaimedJob } from './store.ts';

const claim = (count: number, bytes: number): ClaimedJob[] =>
  Array.from({ length: count }, (_, at) => ({
    id: String(at),
    stored: Buffer.alloc(bytes),
    record: undefined,
    suspect: false,
    claimedAtMs: 0,
  }));

function settled(attemptMs: number, exchangeMs: number, concurrency = 64): Prefetch {
  const prefetch = createPrefetch(concurrency, defaults);
  for (let at = 0; at < 200; at += 1) {
    prefetch.observeAttempt(attemptMs);
    prefetch.observeExchange(exchangeMs);
  }
  return prefetch;
}

test('nothing is fetched ahead before anything is known, and slots wait for their settlement', () => {
  const prefetch = createPrefetch(64, defaults);
  expect(prefetch.target()).toBe(0);
  expect(prefetch.slow).toBe(true);
});

test('as many are fetched ahead as end during two exchanges; slots wait for their settlement where an exchange is short beside a handler', () => {
  expect(settled(8, 1).slow).toBe(true);
  expect(settled(8, 1).target()).toBe(16);
  expect(settled(1000, 1).target()).toBe(0);
  expect(settled(2, 1).slow).toBe(false);
  expect(settled(2, 1).target()).toBe(64);
});

test.each([
  [1, 244],
  [64, 496],
  [1000, 1000],
])('a handler that does nothing has its limit at concurrency %i, and no holder holds more than 2000', (concurrency, target) => {
  expect(settled(0, 1, concurrency).target()).toBe(target);
});

test('large jobs are fetched ahead and claimed by their bytes, and one always may be', () => {
  const prefetch = settled(0, 1);
  expect(prefetch.claimMax()).toBe(1000);
  prefetch.observeClaim(claim(10, 20_000));
  expect(prefetch.claimMax()).toBe(13);
  expect(prefetch.target()).toBe(13);
  prefetch.observeClaim(claim(1, 1_000_000));
  expect(prefetch.claimMax()).toBe(1);
  expect(prefetch.target()).toBe(0);
});
