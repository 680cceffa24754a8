import { describe, expect, test } from 'vitest';
import { seededRandom } from '@nines/resilience/testing';
import { aimdLimit, aimdStep, gradientLimit, gradientStep, LimitWindow, type LimitAlgorithm, type WindowSample } from './algorithms.ts';

const bounds = { initialLimit: 20, minLimit: 20, maxLimit: 200 };
const gradient = { tolerance: 1.5, smoothing: 0.2, queueSize: 4, longWindowMs: 600_000 };
const aimd = { backoffRatio: 0.9, dropRateThreshold: 0.05, slowMs: 5_000 };
const seen = (rttMs: number, inFlight: number, dropRatio = 0): WindowSample => ({ spanMs: 1_000, rttMs, inFlight, dropRatio });

describe('gradientStep, worked out by hand from Gradient2Limit._update with tolerance 1.5, smoothing 0.2, queue size 4', () => {
  test.each([
    // [limit, longRtt, shortRtt, in flight, next]
    ['no queueing: g is clamped to 1, so +4 · 0.2', 100, 20, 20, 100, 100.8],
    ['faster than usual: still +0.8', 100, 20, 10, 100, 100.8],
    ['at the edge of the tolerance: g = 1', 100, 20, 30, 100, 100.8],
    ['twice as long: g = 0.75, 80 + 0.2 · (75 + 4)', 100, 20, 40, 100, 95.8],
    ['three times as long: g = 0.5, 80 + 0.2 · 54', 100, 20, 60, 100, 90.8],
    ['ten times as long: g is clamped to 0.5', 100, 20, 200, 100, 90.8],
    ['half in flight: moves', 100, 20, 20, 50, 100.8],
    ['less than half in flight: stays', 100, 20, 200, 49, 100],
    ['balance: g = 1 − 4/L', 16, 20, 40, 16, 16],
  ])('%s', (_why, limit, longRtt, shortRtt, inFlight, next) => {
    expect(gradientStep(limit, longRtt, seen(shortRtt, inFlight), gradient)).toBeCloseTo(next, 10);
  });
});

/** Gradient2Limit with ExpAvgMeasurement, written from their sources as plainly as they are. */
function reference(samples: readonly WindowSample[]): number[] {
  let estimatedLimit = 20;
  let value = 0;
  let sum = 0;
  let count = 0;
  const window = 600;
  return samples.map(({ rttMs: shortRtt, inFlight }) => {
    if (count < 10) {
      count += 1;
      sum += shortRtt;
      value = sum / count;
    } else {
      const factor = 2 / (window + 1);
      value = value * (1 - factor) + shortRtt * factor;
    }
    const longRtt = value;
    if (longRtt / shortRtt > 2) value *= 0.95;
    if (inFlight < estimatedLimit / 2) return estimatedLimit;
    const g = Math.max(0.5, Math.min(1, (1.5 * longRtt) / shortRtt));
    let newLimit = estimatedLimit * g + 4;
    newLimit = estimatedLimit * (1 - 0.2) + newLimit * 0.2;
    newLimit = Math.max(20, Math.min(200, newLimit));
    estimatedLimit = newLimit;
    return newLimit;
  });
}

describe('gradientLimit', () => {
  test.each([1, 2, 3])('agrees with its source over 10 000 random windows of a second (seed %i)', (seed) => {
    const random = seededRandom(seed);
    let base = 20;
    const samples = Array.from({ length: 10_000 }, (_, i) => {
      if (i % 500 === 0) base = 5 + 100 * random();
      return seen(base * (0.8 + random() * random() * 4), Math.floor(200 * random()));
    });
    const limit = gradientLimit({ ...bounds, ...gradient });
    const wanted = reference(samples);
    for (const [i, sample] of samples.entries()) {
      limit.update(sample);
      expect(Math.abs(limit.limit - wanted[i]!), `window ${i}`).toBeLessThan(1e-6);
    }
  });

  test('stays within its bounds', () => {
    const limit = gradientLimit({ ...bounds, ...gradient });
    for (let i = 0; i < 500; i++) limit.update(seen(10, 1_000));
    expect(limit.limit).toBe(200);
    for (let i = 0; i < 60; i++) limit.update(seen(1_000, 1_000));
    expect(limit.limit).toBe(20);
  });

  test.each([Number.NaN, 0, -1])('learns nothing from a time of %s', (rttMs) => {
    const limit = gradientLimit({ ...bounds, ...gradient });
    limit.update(seen(rttMs, 1_000));
    expect(limit.limit).toBe(20);
    limit.update(seen(10, 1_000));
    expect(limit.limit).toBeCloseTo(20.8, 10);
  });
});

describe('aimd, worked out by hand from AIMDLimit._update with a backoff of 0.9', () => {
  test.each([
    ['a drop', 100, seen(10, 100, 0.05), 90],
    ['a drop while idle', 100, seen(10, 1, 1), 90],
    ['fewer drops than count', 100, seen(10, 100, 0.049), 101],
    ['a time above slowMs', 100, seen(5_001, 100), 90],
    ['half in flight', 100, seen(10, 50), 101],
    ['less than half in flight', 100, seen(10, 49), 100],
  ])('%s', (_why, limit, sample, next) => {
    expect(aimdStep(limit, sample, aimd)).toBeCloseTo(next, 10);
  });

  test('stays within its bounds', () => {
    const limit = aimdLimit({ ...bounds, ...aimd });
    for (let i = 0; i < 300; i++) limit.update(seen(10, 1_000));
    expect(limit.limit).toBe(200);
    for (let i = 0; i < 300; i++) limit.update(seen(10, 1_000, 1));
    expect(limit.limit).toBe(20);
  });
});

describe('LimitWindow', () => {
  function recording(rttFloorMs = -1): { readonly samples: WindowSample[]; readonly window: LimitWindow } {
    const samples: WindowSample[] = [];
    const algorithm: LimitAlgorithm = { limit: 1, rttFloorMs, update: (sample) => void samples.push(sample), reconfigure: () => {} };
    return { samples, window: new LimitWindow(100, algorithm) };
  }

  test('shows an average, the most in flight and the share of drops, after its time and ten attempts', () => {
    const { samples, window } = recording();
    for (let i = 0; i < 20; i++) {
      window.add(i < 10 ? 10 : 30, i % 4 === 0);
      expect(window.close(i * 10, 20 - i)).toBe(i === 10);
    }
    expect(samples).toEqual([{ spanMs: 100, rttMs: (10 * 10 + 30) / 11, inFlight: 20, dropRatio: 3 / 11 }]);
  });

  test('waits for ten attempts, and idle time is no part of it', () => {
    const { samples, window } = recording();
    for (let i = 0; i < 9; i++) {
      window.add(10, false);
      window.close(i * 1_000, 1);
    }
    expect(samples).toEqual([]);
    window.add(10, false);
    window.close(9_000, 1);
    expect(samples).toMatchObject([{ spanMs: 9_000 }]);
    for (let i = 0; i < 20; i++) window.add(10, false);
    expect(window.close(3_600_000, 1)).toBe(false);
    expect(window.close(3_600_100, 1)).toBe(true);
    expect(samples[1]?.spanMs).toBe(100);
  });

  test('does not time a drop that was quicker than usual, but counts it', () => {
    const { samples, window } = recording(50);
    for (let i = 0; i < 10; i++) window.add(60, false);
    for (let i = 0; i < 5; i++) window.add(1, true);
    for (let i = 0; i < 5; i++) window.add(100, true);
    window.close(0, 1);
    window.close(100, 1);
    expect(samples).toEqual([{ spanMs: 100, rttMs: (600 + 500) / 15, inFlight: 1, dropRatio: 0.5 }]);
  });

  test('a clock that jumps back begins it anew, one that jumps ahead ends it', () => {
    const { samples, window } = recording();
    for (let i = 0; i < 10; i++) window.add(i === 0 ? -1e9 : 10, false);
    window.add(Number.NaN, false);
    window.add(10, false);
    expect([window.close(1e9, 1), window.close(50, 1), window.close(149, 1), window.close(150, 1)]).toEqual([false, false, false, true]);
    expect(samples).toMatchObject([{ rttMs: 10, spanMs: 100 }]);
    for (let i = 0; i < 10; i++) window.add(10, false);
    expect([window.close(200, 1), window.close(1e15, 1)]).toEqual([false, true]);
  });
});
