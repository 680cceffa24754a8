import { integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { isSloError, SloError } from './errors.ts';
import { defineSlo, type SloOptions } from './objective.ts';
import { sli } from './sli.ts';
import { rolling } from './window.ts';

const options: SloOptions = { name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') };

describe('defineSlo', () => {
  it('is plain frozen data that survives JSON', () => {
    const slo = defineSlo({ ...options, sli: sli.ratio({ bad: 'errors_total', total: 'requests_total' }) });
    expect(JSON.parse(JSON.stringify(slo))).toEqual({
      name: 'availability',
      service: 'api',
      objective: '99.9%',
      target: 0.999,
      budget: 0.001,
      window: { type: 'rolling', duration: '30d', seconds: 2_592_000 },
      sli: { type: 'ratio', bad: 'errors_total', total: 'requests_total' },
    });
    expect(Object.isFrozen(slo)).toBe(true);
  });

  it.each(['100%', '0%', '1', 0, 1, 99.9, '-1%', '100.1%'])('refuses an objective of %s', (objective) => {
    expect(() => defineSlo({ ...options, objective })).toThrow(expect.objectContaining({ code: 'INVALID_OBJECTIVE', retryable: false }));
  });

  it.each([
    [
      { ...options, objectve: 1 },
      'UNKNOWN_OPTION',
      'defineSlo has no option "objectve"; it knows name, service, objective, window, sli, alerting, description, runbook, labels',
    ],
    [{ ...options, window: '30d' }, 'INVALID_OPTION', `window must come from rolling('30d') or calendar({ unit: 'month' }), got "30d"`],
    [{ ...options, name: '' }, 'INVALID_OPTION', 'name must be text of 1 to 100 characters, got ""'],
    [{ ...options, service: 'x'.repeat(101) }, 'INVALID_OPTION', 'service must be text of 1 to 100 characters'],
    [
      null,
      'INVALID_OPTION',
      'defineSlo takes an object with name, service, objective, window, sli, alerting, description, runbook, labels, got null',
    ],
    [[], 'INVALID_OPTION', 'got an array'],
  ])('refuses %j with %s', (given, code, message) => {
    expect(() => defineSlo(given as never)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  it(`has a budget without a tail for every objective from 50% to 99.9999% (seed ${seed})`, () => {
    forAll([integer({ min: 500_000, max: 999_999 })], (millionths) => {
      const { budget } = defineSlo({ ...options, objective: `${millionths / 10_000}%` });
      expect(budget.toFixed(6)).toBe(`0.${String(1_000_000 - millionths).padStart(6, '0')}`);
      expect(budget).toBe(Number(budget.toFixed(6)));
    });
  });
});

describe('SloError', () => {
  it('is recognised by its brand, whichever copy of the package made it', () => {
    const foreign = Object.defineProperty(new Error('from another copy'), Symbol.for('@nines/slo.error'), { value: true });
    expect(foreign).toBeInstanceOf(SloError);
    expect(isSloError(foreign)).toBe(true);
    expect(isSloError(undefined)).toBe(false);
    expect(new Error('x')).not.toBeInstanceOf(SloError);
    expect(null).not.toBeInstanceOf(SloError);
  });

  it('keeps its cause', () => {
    const cause = new Error('behind');
    expect(new SloError('INVALID_OPTION', 'x', { cause }).cause).toBe(cause);
  });
});
