import { describe, expect, it } from 'vitest';
import { alertsOf, calendar, defineSlo, googleSre, pyrra, rolling, sli, type AlertWindow, type SloOptions } from '@nines/slo';

const options: SloOptions = { name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() };
const pair: AlertWindow = { severity: 'page', longWindow: '1h', shortWindow: '5m', factor: 14.4 };

describe('alertsOf', () => {
  it('works the workbook out: four alerts, exact thresholds', () => {
    expect(
      alertsOf(defineSlo(options)).map(({ tier, severity, factor, threshold, budget }) => [tier, severity, factor, threshold, budget]),
    ).toEqual([
      [1, 'page', 14.4, 0.0144, 0.02],
      [2, 'page', 6, 0.006, 0.05],
      [3, 'ticket', 3, 0.003, 0.1],
      [4, 'ticket', 1, 0.001, 0.1],
    ]);
  });

  it('counts a month of the calendar as 30 days', () => {
    expect(alertsOf(defineSlo({ ...options, window: calendar({ unit: 'month' }) }))[0]?.factor).toBe(14.4);
  });

  it('is empty without alerting', () => {
    const { alerting: _, ...silent } = options;
    expect(alertsOf(defineSlo(silent))).toEqual([]);
  });

  it('leaves out what cannot fire, when it is told to', () => {
    const loose = defineSlo({ ...options, objective: '90%', alerting: googleSre({ unreachable: 'drop' }) });
    expect(alertsOf(loose).map(({ factor }) => factor)).toEqual([6, 3, 1]);
  });
});

describe('defineSlo with alerting', () => {
  it.each<[string, Partial<SloOptions>, string, string]>([
    [
      'an alert that can never fire',
      { objective: '90%' },
      'UNREACHABLE_ALERT',
      'alerting.windows[0] (1h, factor 14.4) can never fire for an objective of 90%',
    ],
    [
      'alerts that look back further than the objective',
      { window: rolling('1d') },
      'INVALID_WINDOW',
      "longWindow must be at most the objective's window (1d), got 3d",
    ],
    ['labels that are no labels', { labels: { 'a-b': 'c' } }, 'INVALID_OPTION', 'got "a-b"'],
    ['an sli that nothing made', { sli: { type: 'ratio', bad: 'a' } as never }, 'INVALID_OPTION', 'total must be text'],
    ['an sli of an unknown kind', { sli: { type: 'vibes' } as never }, 'INVALID_OPTION', 'sli must come from sli.ratio, sli.latency'],
    ['a policy that nothing made', { alerting: {} as never }, 'INVALID_OPTION', 'windows must be a list of 1 to 10 alerts'],
  ])('refuses %s', (_, changed, code, message) => {
    expect(() => defineSlo({ ...options, ...changed })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('googleSre', () => {
  it.each<[string, object, string]>([
    [
      'a short window that is not shorter',
      { windows: [{ ...pair, shortWindow: '1h' }] },
      'windows[0].shortWindow must be shorter than longWindow (1h), got "1h"',
    ],
    [
      'months for minutes',
      { windows: [{ ...pair, shortWindow: '1M' }] },
      'got "1M" (m is minutes; for a month say 30d, or use a calendar window)',
    ],
    ['both budget and factor', { windows: [{ ...pair, budget: '2%' }] }, 'windows[0] must have either budget'],
    ['a factor of nothing', { windows: [{ ...pair, factor: 0 }] }, 'must have a budget or factor of more than 0'],
    ['an unknown severity', { windows: [{ ...pair, severity: 'sms' }] }, 'severity must be page or ticket, got "sms"'],
    ['no window', { windows: [] }, 'windows must be a list of 1 to 10 alerts'],
    ['a confidence of certainty', { lowTraffic: { confidence: '100%' } }, 'confidence must be at least 50% and less than 100%'],
    ['what to do with the unreachable', { unreachable: 'ignore' }, 'unreachable must be refuse or drop'],
    ['a slip of the keyboard', { window: [] }, 'googleSre has no option "window"'],
  ])('refuses %s', (_, given, message) => {
    expect(() => googleSre(given as never)).toThrow(message);
  });
});

describe('sli', () => {
  it.each<[string, () => unknown, string]>([
    ['a query without its window', () => sli.raw({ bad: 'sum(a)', total: 'sum(b[$window])' }), 'bad must count events within $window'],
    ['a threshold of nothing', () => sli.latency({ histogram: 'h', threshold: 0 }), 'threshold must be more than 0, got 0'],
    [
      'a histogram of a third type',
      () => sli.latency({ histogram: 'h', threshold: 1, histogramType: 'summary' as never }),
      'histogramType must be classic or native',
    ],
    ['slices of slices', () => sli.timeSlices({ events: {} as never, sliceTarget: 1 }), 'events must come from sli.ratio or sli.latency'],
    [
      'a slice that is always good',
      () => sli.timeSlices({ events: sli.ratio({ bad: 'a', total: 'b' }), sliceTarget: 0 }),
      'sliceTarget must be more than 0%',
    ],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

it('pyrra scales its windows with the period', () => {
  expect(pyrra({ period: '28d' }).windows[0]).toEqual({
    severity: 'page',
    factor: 14,
    longWindow: '3600s',
    shortWindow: '300s',
    for: '120s',
  });
});
