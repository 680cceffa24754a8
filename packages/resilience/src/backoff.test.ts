import { describe, expect, test } from 'vitest';
import { exponential, fixed, isResilienceError, type Jitter, retryAfter } from '@nines/resilience';
import { seededRandom } from '@nines/resilience/testing';
import { newSeed } from '../test/calls.ts';

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isResilienceError(error)) return `${error.code} ${error.message}`;
  }
  return 'nothing thrown';
};

describe('exponential', () => {
  test('without jitter doubles up to the limit, at any attempt', () => {
    const backoff = exponential({ baseMs: 100, maxMs: 1_000, jitter: 'none' });
    expect([1, 2, 3, 4, 5, 60, 5_000].map((n) => backoff(n, Math.random))).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  test('full jitter spans from 0 to the ceiling, equal from its half', () => {
    const full = exponential({ baseMs: 100, maxMs: 1_000 });
    const equal = exponential({ baseMs: 100, maxMs: 1_000, jitter: 'equal' });
    expect([full(3, () => 0), full(3, () => 0.5), full(3, () => 0.75)]).toEqual([0, 200, 300]);
    expect([equal(3, () => 0), equal(3, () => 0.5)]).toEqual([200, 300]);
  });

  test('decorrelated jitter draws from base to three times the wait before', () => {
    const backoff = exponential({ baseMs: 100, maxMs: 10_000, jitter: 'decorrelated' });
    expect([1, 2, 3].map((n) => backoff(n, () => 0))).toEqual([100, 100, 100]);
    expect([1, 2].map((n) => backoff(n, () => 0.5))).toEqual([200, 350]);
  });

  test('every jitter stays inside its bounds', () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    for (const jitter of ['full', 'equal', 'decorrelated', 'none'] satisfies Jitter[]) {
      for (let i = 0; i < 2_000; i++) {
        const baseMs = 1 + Math.floor(random() * 1_000);
        const maxMs = baseMs + Math.floor(random() * 100_000);
        const attempt = 1 + Math.floor(random() * 100);
        const wait = exponential({ baseMs, maxMs, jitter })(attempt, random);
        const least = { full: 0, equal: baseMs / 2, decorrelated: baseMs, none: baseMs }[jitter];
        expect(wait >= least && wait <= maxMs, `seed ${seed}: ${jitter} base ${baseMs} max ${maxMs} attempt ${attempt} gave ${wait}`).toBe(
          true,
        );
      }
    }
  });

  test('refuses what it cannot do, naming value and limits', () => {
    expect(message(() => exponential({ baseMs: 0, maxMs: 10 }))).toBe(
      'INVALID_OPTION exponential: baseMs must be a whole number from 1 to 2147483647, got 0',
    );
    expect(message(() => exponential({ baseMs: 100, maxMs: 10 }))).toBe(
      'INVALID_OPTION exponential: maxMs must be a whole number from 100 to 2147483647, got 10',
    );
    expect(message(() => exponential({ baseMs: 1, maxMs: 1, jitter: 'some' as Jitter }))).toBe(
      'INVALID_OPTION exponential: jitter must be one of full, equal, decorrelated, none, got "some"',
    );
    expect(message(() => exponential({ baseMs: 1, maxMs: 1, cap: 3 } as never))).toBe(
      'INVALID_OPTION exponential: unknown option "cap"; known are baseMs, maxMs, jitter',
    );
    expect(message(() => exponential(undefined as never))).toContain('INVALID_OPTION exponential: baseMs must be');
    expect(message(() => fixed(-1))).toBe('INVALID_OPTION fixed: ms must be a whole number from 0 to 2147483647, got -1');
  });
});

describe('retryAfter', () => {
  test('takes the wish of the dependency, cut to the limit, never below the other backoff', () => {
    const backoff = retryAfter({ maxMs: 1_000, otherwise: fixed(200) });
    expect([undefined, 0, 500, 5_000].map((wish) => backoff(1, Math.random, wish))).toEqual([200, 200, 500, 1_000]);
  });
});
