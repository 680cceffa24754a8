import { integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { burnRateFactor, detectionTime, errorRatioThreshold, isReachable, resetTime } from './alerting.ts';
import { budgetConsumed } from './budget.ts';
import { timeToExhaustion } from './burn.ts';
import { defineSlo } from './objective.ts';
import { rolling } from './window.ts';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });

describe('burnRateFactor', () => {
  it.each([
    ['2%', '1h', 14.4],
    ['5%', '6h', 6],
    ['10%', '1d', 3],
    [0.1, '3d', 1],
  ])('of %s in %s over 30 days is %d', (budget, longWindow, factor) => {
    expect(burnRateFactor({ budget, longWindow, period: '30d' })).toBe(factor);
  });

  it('refuses more than the whole budget', () => {
    expect(() => burnRateFactor({ budget: 2, longWindow: '1h', period: '30d' })).toThrow('budget must be from 0 to 1, got 2');
  });

  it(`is the burn rate that spends the asked share in the long window (seed ${seed})`, () => {
    forAll([integer({ min: 1, max: 100 }), integer({ min: 1, max: 30 })], (percent, days) => {
      const factor = burnRateFactor({ budget: `${percent}%`, longWindow: `${days}d`, period: '30d' });
      expect(budgetConsumed(slo, { burnRate: factor, over: `${days}d` })).toBeCloseTo(percent / 100, 14);
    });
  });
});

describe('errorRatioThreshold', () => {
  it('has no floating-point tail, so an alert that compares with > is silent at equality', () => {
    const threshold = errorRatioThreshold(slo, { factor: 14.4 });
    expect(String(threshold)).toBe('0.0144');
    expect(0.0144 > threshold).toBe(false);
  });
});

describe('isReachable', () => {
  it('is false when only more than a total outage would fire, and at equality', () => {
    const loose = defineSlo({ name: 'freshness', service: 'feed', objective: '90%', window: rolling('30d') });
    expect(isReachable(loose, { factor: 14.4 })).toBe(false);
    expect(isReachable(loose, { factor: 10 })).toBe(false);
    expect(isReachable(loose, { factor: 9.999 })).toBe(true);
  });
});

describe('detectionTime and resetTime', () => {
  it('count the wait of the rule', () => {
    expect(detectionTime(slo, { errorRatio: 1, factor: 14.4, longWindow: '1h' })).toBe(51.84);
    expect(detectionTime(slo, { errorRatio: 1, factor: 14.4, longWindow: '1h', for: '2m' })).toBe(171.84);
  });

  it('say never and at once for an outage that is too mild, equality included', () => {
    expect(detectionTime(slo, { errorRatio: 0.0144, factor: 14.4, longWindow: '1h' })).toBe(Number.POSITIVE_INFINITY);
    expect(resetTime(slo, { errorRatio: 0.0144, factor: 14.4, shortWindow: '5m' })).toBe(0);
    expect(resetTime(slo, { errorRatio: 0, factor: 0, shortWindow: '5m' })).toBe(0);
  });

  const ratio = integer({ min: 15, max: 1_000 }).map((thousandths) => thousandths / 1_000);

  it(`keep inside the alert window, and together fill a window of the same length (seed ${seed})`, () => {
    forAll([ratio], (errorRatio) => {
      const detection = detectionTime(slo, { errorRatio, factor: 14.4, longWindow: '1h' });
      const reset = resetTime(slo, { errorRatio, factor: 14.4, shortWindow: '1h' });
      expect(detection).toBeLessThan(3_600);
      expect(detection + reset).toBeCloseTo(3_600, 9);
    });
  });
});

describe('timeToExhaustion', () => {
  it('is for ever when nothing burns and at once when nothing is left', () => {
    expect(timeToExhaustion(slo, { total: 10, bad: 0 })).toBe(Number.POSITIVE_INFINITY);
    expect(timeToExhaustion(slo, { burnRate: 0, remaining: -0.1 })).toBe(0);
    expect(timeToExhaustion(slo, { burnRate: 1, remaining: 0 })).toBe(0);
  });

  it('shrinks with what is left', () => {
    expect(timeToExhaustion(slo, { burnRate: 14.4 })).toBe(180_000);
    expect(timeToExhaustion(slo, { burnRate: 14.4, remaining: 0.5 })).toBe(90_000);
  });
});
