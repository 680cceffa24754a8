import { constantFrom, integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { allowedDowntime, calendar, defineSlo, rolling, timeToExhaustion, windowAt, type CalendarOptions } from '@nines/slo';

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const at = (text: string): number => Date.parse(`${text}Z`);
const around = (options: CalendarOptions, when: string) => {
  const { startMs, endMs, seconds } = windowAt(calendar(options), at(when));
  return [iso(startMs), iso(endMs), seconds / 3_600];
};

describe('windowAt', () => {
  it.each<[string, CalendarOptions, string, string, string, number]>([
    ['a month', { unit: 'month' }, '2026-02-10T12:00', '2026-02-01T00:00', '2026-03-01T00:00', 28 * 24],
    ['a leap February', { unit: 'month' }, '2028-02-29T23:59', '2028-02-01T00:00', '2028-03-01T00:00', 29 * 24],
    ['its first instant', { unit: 'month' }, '2026-03-01T00:00', '2026-03-01T00:00', '2026-04-01T00:00', 31 * 24],
    ['a quarter', { unit: 'quarter' }, '2026-05-05T00:00', '2026-04-01T00:00', '2026-07-01T00:00', 91 * 24],
    ['a year', { unit: 'year' }, '2028-07-01T00:00', '2028-01-01T00:00', '2029-01-01T00:00', 366 * 24],
    ['a week, which starts on Monday', { unit: 'week' }, '2026-11-22T12:00', '2026-11-16T00:00', '2026-11-23T00:00', 168],
    ['two weeks', { unit: 'week', count: 2, startTime: '2026-11-16' }, '2026-11-29T12:00', '2026-11-16T00:00', '2026-11-30T00:00', 336],
    [
      'before the first start',
      { unit: 'month', startTime: '2026-06-15 06:00:00' },
      '2020-01-01T00:00',
      '2019-12-15T06:00',
      '2020-01-15T06:00',
      744,
    ],
    [
      'a start on the 31st',
      { unit: 'month', startTime: '2026-01-31' },
      '2026-02-28T12:00',
      '2026-02-28T00:00',
      '2026-03-31T00:00',
      31 * 24,
    ],
    ['March in Berlin', { unit: 'month', timeZone: 'Europe/Berlin' }, '2026-03-15T00:00', '2026-02-28T23:00', '2026-03-31T22:00', 743],
    ['October in Berlin', { unit: 'month', timeZone: 'Europe/Berlin' }, '2026-10-15T00:00', '2026-09-30T22:00', '2026-10-31T23:00', 745],
    [
      'the day without an hour',
      { unit: 'day', timeZone: 'America/New_York' },
      '2026-03-08T12:00',
      '2026-03-08T05:00',
      '2026-03-09T04:00',
      23,
    ],
    ['half an hour off', { unit: 'month', timeZone: 'Asia/Kolkata' }, '2026-01-31T18:29', '2025-12-31T18:30', '2026-01-31T18:30', 744],
    // Midnight of that day does not exist there: the clock jumps from 24:00 to 01:00.
    [
      'a midnight that is jumped over',
      { unit: 'day', timeZone: 'America/Santiago' },
      '2026-09-06T12:00',
      '2026-09-06T04:00',
      '2026-09-07T03:00',
      23,
    ],
  ])('knows %s', (_, options, when, start, end, hours) => {
    expect(around(options, when)).toEqual([start, end, hours]);
  });

  const zones = constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'America/Santiago',
  );
  const units = constantFrom<CalendarOptions['unit']>('day', 'week', 'month', 'quarter', 'year');

  it(`gives windows without gap or overlap, in any time zone (seed ${seed})`, () => {
    forAll(
      [zones, units, integer({ min: 1, max: 5 }), integer({ min: 946_684_800, max: 2_208_988_800 })],
      (timeZone, unit, count, second) => {
        const window = calendar({ unit, count, timeZone, startTime: '2026-01-31 02:30:00' });
        const now = windowAt(window, second * 1_000);
        expect(now.startMs).toBeLessThanOrEqual(second * 1_000);
        expect(now.endMs).toBeGreaterThan(second * 1_000);
        expect(windowAt(window, now.endMs).startMs).toBe(now.endMs);
        expect(windowAt(window, now.endMs - 1)).toMatchObject({ startMs: now.startMs, endMs: now.endMs });
        expect(now.elapsed).toBeGreaterThanOrEqual(0);
        expect(now.elapsed).toBeLessThan(1);
      },
      100,
    );
  });

  it('ends a rolling window at the instant', () => {
    expect(windowAt(rolling('1h'), 7_200_000)).toEqual({ startMs: 3_600_000, endMs: 7_200_000, seconds: 3_600, elapsed: 1 });
  });

  it('refuses what is no instant', () => {
    expect(() => windowAt(rolling('1h'), Number.NaN)).toThrow('atMs must be milliseconds since 1970');
  });
});

describe('a calendar window in the formulas', () => {
  const slo = defineSlo({ name: 'a', service: 'b', objective: '99.9%', window: calendar({ unit: 'month', timeZone: 'Europe/Berlin' }) });

  it('has its nominal length without an instant, and its true one with it', () => {
    expect(allowedDowntime(slo)).toBe(2_592);
    expect(allowedDowntime(slo, { atMs: at('2026-03-15T00:00') })).toBe(2_674.8);
    expect(timeToExhaustion(slo, { burnRate: 1, atMs: at('2026-02-15T00:00') })).toBe(28 * 86_400);
  });

  it('survives JSON', () => {
    expect(defineSlo({ name: 'a', service: 'b', objective: '99.9%', window: JSON.parse(JSON.stringify(slo.window)) as never })).toEqual(
      slo,
    );
  });
});

describe('calendar', () => {
  it.each([
    [{ unit: 'fortnight' }, 'unit must be day, week, month, quarter, year, got "fortnight"'],
    [{ unit: 'month', count: 0 }, 'count must be a whole number from 1'],
    [{ unit: 'year', count: 11 }, 'for at most ten years, got 11'],
    [{ unit: 'month', timeZone: 'Europe/Atlantis' }, 'timeZone must be a name of the IANA data base'],
    [{ unit: 'month', startTime: '2026-02-30' }, 'startTime must be a local time'],
    [{ unit: 'month', startTime: '2026-01-01 25:00:00' }, 'startTime must be a local time'],
    [{ unit: 'month', start: '2026-01-01' }, 'calendar has no option "start"'],
  ])('refuses %j', (options, message) => {
    expect(() => calendar(options as never)).toThrow(message);
  });
});
