import { nat, pre, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { allowedDowntime, budgetConsumed, budgetRemaining, errorBudget } from './budget.ts';
import { burnRate } from './burn.ts';
import { defineSlo } from './objective.ts';
import { rolling } from './window.ts';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });

describe('errorBudget', () => {
  it('counts what is allowed, spent and left', () => {
    expect(errorBudget(slo, { total: 1_000_000, bad: 400 })).toEqual({ allowed: 1_000, spent: 400, remaining: 600, consumed: 0.4 });
  });

  it('goes below zero when the objective is missed', () => {
    expect(errorBudget(slo, { total: 1_000, bad: 3 })).toEqual({ allowed: 1, spent: 3, remaining: -2, consumed: 3 });
  });

  it('spends nothing without events', () => {
    expect(errorBudget(slo, { total: 0, bad: 0 })).toEqual({ allowed: 0, spent: 0, remaining: 0, consumed: 0 });
  });

  it.each([
    [{ total: 1, bad: 2 }, 'bad must be from 0 to total (1), got 2'],
    [{ total: -1, bad: 0 }, 'total must be at least 0, got -1'],
    [{ total: 1, bad: 0, good: 1 }, 'errorBudget has no option "good"; it knows total, bad'],
  ])('refuses %j', (events, message) => {
    expect(() => errorBudget(slo, events)).toThrow(message);
  });
});

describe('budgetConsumed and budgetRemaining', () => {
  it('take events, a ratio or a burn rate, for the whole window or a part of it', () => {
    expect(budgetConsumed(slo, { burnRate: 14.4, over: '1h' })).toBe(0.02);
    expect(budgetConsumed(slo, { errorRatio: 0.0144, over: '1h' })).toBe(0.02);
    expect(budgetRemaining(slo, { total: 1_000, bad: 2 })).toBe(-1);
    expect(budgetRemaining(slo, { burnRate: 6, over: '6h' })).toBe(0.95);
  });

  it.each([[{}], [{ burnRate: 1, errorRatio: 0.1 }], [{ total: 1, bad: 0, burnRate: 1 }]])(
    'refuse %j: exactly one way to say it',
    (given) => {
      expect(() => budgetConsumed(slo, given as never)).toThrow(/^a measurement is one of/);
    },
  );

  it('refuse half of a count', () => {
    expect(() => budgetConsumed(slo, { total: 1 } as never)).toThrow(/^bad must be a decimal/);
    expect(() => budgetConsumed(slo, { bad: 1 } as never)).toThrow(/^total must be a decimal/);
  });

  it('refuse a ratio above 1 and an unknown option', () => {
    expect(() => budgetConsumed(slo, { errorRatio: 1.1 })).toThrow('errorRatio must be from 0 to 1, got 1.1');
    expect(() => budgetRemaining(slo, { burnRate: 1, during: '1h' } as never)).toThrow('budgetRemaining has no option "during"');
  });

  const events = tuple(nat(1e9), nat(1e9)).map(([good, bad]) => ({ total: good + bad, bad }));

  it(`agree with the budget counted in events and with the burn rate (seed ${seed})`, () => {
    forAll([events], (measured) => {
      const { consumed } = errorBudget(slo, measured);
      expect(budgetConsumed(slo, measured)).toBe(consumed);
      expect(burnRate(slo, measured)).toBe(consumed);
    });
  });

  it(`never fall when there are more bad events (seed ${seed})`, () => {
    forAll([events], (measured) => {
      pre(measured.bad < measured.total);
      const worse = { ...measured, bad: measured.bad + 1 };
      expect(budgetConsumed(slo, worse)).toBeGreaterThan(budgetConsumed(slo, measured));
      expect(budgetRemaining(slo, worse)).toBeLessThan(budgetRemaining(slo, measured));
    });
  });
});

describe('allowedDowntime', () => {
  it('is that of the window, or of another length', () => {
    expect(allowedDowntime(slo)).toBe(2_592);
    expect(allowedDowntime(slo, { over: '1d' })).toBe(86.4);
  });
});
