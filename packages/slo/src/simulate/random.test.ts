import { describe, expect, it } from 'vitest';
import { binomial, poisson, seeded } from './random.ts';

/** Mean and variance of many draws. */
function moments(draw: () => number): { readonly mean: number; readonly variance: number } {
  const values = Array.from({ length: 20_000 }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

describe('random', () => {
  it.each([0.05, 3, 25, 100])('poisson of mean %d has that mean and that variance', (mean) => {
    const random = seeded(1);
    const found = moments(() => poisson(random, mean));
    expect(found.mean / mean).toBeGreaterThan(0.9);
    expect(found.mean / mean).toBeLessThan(1.1);
    expect(found.variance / mean).toBeGreaterThan(0.9);
    expect(found.variance / mean).toBeLessThan(1.1);
  });

  it.each([
    [10, 0.05],
    [10, 0.7],
    [2_000, 0.001],
    [2_000, 0.2],
  ])('binomial of %d events with probability %d has its mean and variance, and stays within the events', (count, probability) => {
    const random = seeded(2);
    const draws: number[] = [];
    const found = moments(() => {
      const drawn = binomial(random, count, probability);
      draws.push(drawn);
      return drawn;
    });
    expect(found.mean / (count * probability)).toBeCloseTo(1, 1);
    expect(found.variance / (count * probability * (1 - probability))).toBeCloseTo(1, 1);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThanOrEqual(count);
  });

  it('the ends are certain', () => {
    const random = seeded(3);
    expect([binomial(random, 7, 0), binomial(random, 7, 1), binomial(random, 0, 0.5), poisson(random, 0)]).toEqual([0, 7, 0, 0]);
  });
});
