import { readDuration, type Duration } from './duration.ts';
import { SloError } from './errors.ts';
import { checkOptions } from './options.ts';
import { show } from './show.ts';
import { readLocalTime } from './zone.ts';

/** The time over which an objective is judged: always the last `seconds` before now. */
export interface RollingWindow {
  readonly type: 'rolling';
  /** The text it was made from, for example `30d`. */
  readonly duration: Duration;
  /** Its length in seconds, for example 2592000. */
  readonly seconds: number;
}

/** What a calendar window is counted in. */
export type CalendarUnit = 'day' | 'week' | 'month' | 'quarter' | 'year';

/** The time over which an objective is judged: this month, this quarter; the budget is new at each start. */
export interface CalendarWindow {
  readonly type: 'calendar';
  readonly unit: CalendarUnit;
  /** How many units make one window. */
  readonly count: number;
  /** When one of the windows starts, as local time in `timeZone`: `2026-01-01 00:00:00`. The others follow from it. */
  readonly startTime: string;
  /** Name of the IANA data base, for example `Europe/Berlin`. */
  readonly timeZone: string;
  /** Nominal length as a duration: a month counts 30 days, a quarter 90, a year 365. `windowAt` knows the true one. */
  readonly duration: Duration;
  /** Nominal length in seconds. */
  readonly seconds: number;
}

/** Over which time an objective is judged. */
export type SloWindow = RollingWindow | CalendarWindow;

/** What `calendar` takes. */
export interface CalendarOptions {
  readonly unit: CalendarUnit;
  /** Default 1; at most 100. */
  readonly count?: number;
  /** When one of the windows starts, local time: `2026-01-01` or `2026-01-01 06:00:00`. Default `2024-01-01 00:00:00`, a Monday. */
  readonly startTime?: string;
  /** Name of the IANA data base. Default `UTC`. */
  readonly timeZone?: string;
}

/**
 * A window that moves with time. A rolling window never forgives all at once: each bad minute counts until it is a window old.
 *
 * @param duration - its length, from `1s` to `3660d`; 28d holds the same number of weekends at all times, 30d is the workbook's
 * @returns a frozen window
 * @throws SloError `INVALID_DURATION`
 * @example
 * ```ts
 * import { rolling } from '@nines/slo';
 *
 * console.log(rolling('30d').seconds); // 2592000
 * ```
 */
export function rolling(duration: Duration): RollingWindow {
  return Object.freeze({ type: 'rolling', duration, seconds: readDuration('window', duration) });
}

const nominalDays: Readonly<Record<CalendarUnit, number>> = { day: 1, week: 7, month: 30, quarter: 90, year: 365 };

/**
 * A window of the calendar: each begins where the last one ends, and the budget with it. Good for what is reported by the month;
 * an outage on its last day is forgotten on the next, so alerts still look back over their own rolling windows.
 *
 * @param options - the unit; how many (default 1); when one of them starts (default the first Monday of 2024) and in which time zone (default UTC)
 * @returns a frozen window
 * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { calendar } from '@nines/slo';
 *
 * console.log(calendar({ unit: 'month', timeZone: 'Europe/Berlin' }).startTime); // 2024-01-01 00:00:00
 * ```
 */
export function calendar(options: CalendarOptions): CalendarWindow {
  checkOptions('calendar', options, ['unit', 'count', 'startTime', 'timeZone']);
  const { unit, count = 1, startTime = '2024-01-01', timeZone = 'UTC' } = options;
  const days = Object.hasOwn(nominalDays, unit) ? nominalDays[unit] : undefined;
  if (days === undefined) {
    throw new SloError('INVALID_OPTION', `unit must be ${Object.keys(nominalDays).join(', ')}, got ${show(unit)}`);
  }
  if (!Number.isInteger(count) || count < 1 || days * count > 3_660) {
    throw new SloError('INVALID_OPTION', `count must be a whole number from 1, for at most ten years, got ${show(count)}`);
  }
  return Object.freeze({
    type: 'calendar',
    unit,
    count,
    startTime: readLocalTime(startTime, timeZone),
    timeZone,
    duration: `${days * count}d`,
    seconds: days * count * 86_400,
  });
}

/** Checks a window again, whoever made it. */
export function checkWindow(window: SloWindow): SloWindow {
  if (window?.type === 'rolling') return rolling(window.duration);
  if (window?.type === 'calendar') {
    const { unit, count, startTime, timeZone } = window;
    return calendar({ unit, count, startTime, timeZone });
  }
  throw new SloError('INVALID_OPTION', `window must come from rolling('30d') or calendar({ unit: 'month' }), got ${show(window)}`);
}
