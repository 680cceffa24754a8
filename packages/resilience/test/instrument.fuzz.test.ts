import pRetryPlain from 'p-retry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AttemptInfo, Observer } from '@nines/resilience';
import { instrument } from '@nines/resilience/opossum';
import { instrument as instrumentRetry } from '@nines/resilience/p-retry';
import { seededRandom } from '@nines/resilience/testing';
import { breakerOf, fakeTimers, shutDown } from './naked-opossum.ts';
import { unhandledRejections } from './unhandled.ts';
import { flush, newSeed } from './calls.ts';

const unhandled = unhandledRejections();
beforeEach(fakeTimers);
afterEach(shutDown);

/** Counts what began and what ended; throws now and then, as observers may. */
function counting(random: () => number) {
  const open = new Set<AttemptInfo>();
  const counts = { calls: 0, attempts: 0, twice: 0 };
  const observer: Observer = {
    attempt(info, run) {
      open.add(info);
      counts.attempts += 1;
      return run();
    },
    event(event) {
      if (event.type === 'call') counts.calls += 1;
      if (event.type === 'attempt' && !open.delete(event.info)) counts.twice += 1;
      if (random() < 0.01) throw new Error('observer');
    },
  };
  return { open, counts, observer };
}

test('20,000 calls of an instrumented p-retry around an instrumented breaker: each is told once, and nothing rejects unhandled', async () => {
  const seed = newSeed();
  const random = seededRandom(seed);
  const late: (() => void)[] = [];
  const act = (): unknown => {
    const dice = random();
    if (dice < 0.5) return Promise.resolve(dice);
    if (dice < 0.55) return undefined;
    if (dice < 0.6) return dice;
    if (dice < 0.65) throw new TypeError('sync');
    if (dice < 0.8) return Promise.reject(dice < 0.7 ? new Error('down') : 'a string');
    return new Promise((resolve, reject) => late.push(() => (random() < 0.5 ? resolve('late') : reject(new Error('late')))));
  };
  const breaker = breakerOf(act, {
    timeout: 30,
    capacity: 100,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    resetTimeout: 60,
    volumeThreshold: 200,
    errorThresholdPercentage: 60,
    errorFilter: (error: unknown) => error === 'a string',
  });
  const [inner, outer] = [counting(random), counting(random)];
  instrument(breaker, { observer: inner.observer });
  const pRetry = instrumentRetry(pRetryPlain, { name: 'retried', observer: outer.observer });
  let fires = 0;
  breaker.on('fire', () => (fires += 1));
  let ended = 0;
  for (let batch = 0; batch < 100; batch++) {
    const caller = new AbortController();
    const options = { retries: 1, minTimeout: 5, signal: caller.signal };
    const calls = Array.from({ length: 200 }, () =>
      pRetry(() => breaker.fire(), random() < 0.2 ? options : { ...options, signal: undefined }),
    );
    const settled = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(random() * 40);
    caller.abort();
    for (const run of late.splice(0, Math.floor(late.length * random()))) run();
    await vi.advanceTimersByTimeAsync(100);
    ended += (await settled).length;
    for (const run of late.splice(0)) run();
    await flush();
  }
  const told = { outer: outer.counts.calls, inner: inner.counts.calls, open: inner.open.size + outer.open.size };
  const wrong = { twice: inner.counts.twice + outer.counts.twice, unhandled: await unhandled() };
  expect({ seed, ended, ...told, ...wrong }).toEqual({
    seed,
    ended: 20_000,
    outer: 20_000,
    inner: fires,
    open: 0,
    twice: 0,
    unhandled: [],
  });
  expect([outer.counts.attempts >= 20_000, inner.counts.attempts > 5_000]).toEqual([true, true]);
});
