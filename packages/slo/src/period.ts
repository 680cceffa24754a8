import { SloError } from './errors.ts';
import { Rational } from './rational.ts';
import { show } from './show.ts';
import { instantOf, localTimeAt, parseLocalTime, type LocalTime } from './zone.ts';
import type { CalendarUnit, CalendarWindow, SloWindow } from './window.ts';

/** One window of an objective on the time line. */
export interface Period {
  /** Its first instant, in milliseconds since 1970. */
  readonly startMs: number;
  /** The first instant after it. */
  readonly endMs: number;
  /** Its true length in seconds: a March in Berlin has an hour less. */
  readonly seconds: number;
  /** The share of it that has passed, 0–1; of a rolling window always 1. */
  readonly elapsed: number;
}

/** Months or days in one unit. */
const steps: Readonly<Record<CalendarUnit, { readonly months: number; readonly days: number }>> = {
  day: { months: 0, days: 1 },
  week: { months: 0, days: 7 },
  month: { months: 1, days: 0 },
  quarter: { months: 3, days: 0 },
  year: { months: 12, days: 0 },
};

/**
 * The window that an instant falls into. A rolling window ends at that instant; a calendar window starts where the wall clock of its time zone
 * says, so its length follows the months and the hour that summer time takes and gives back.
 *
 * A month that has no such day (start on the 31st) starts on its last one.
 *
 * @param window - from `rolling` or `calendar`
 * @param atMs - milliseconds since 1970
 * @returns start, end, length and what has passed of it
 * @throws SloError `INVALID_OPTION`
 * @example
 * ```ts
 * import { calendar, windowAt } from '@nines/slo';
 *
 * const march = windowAt(calendar({ unit: 'month', timeZone: 'Europe/Berlin' }), Date.UTC(2026, 2, 15));
 * console.log(new Date(march.startMs).toISOString(), march.seconds / 3_600); // 2026-02-28T23:00:00.000Z 743
 * ```
 */
export function windowAt(window: SloWindow, atMs: number): Period {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8e15 / 2) {
    throw new SloError('INVALID_OPTION', `atMs must be milliseconds since 1970, such as Date.UTC(2026, 0, 1), got ${show(atMs)}`);
  }
  if (window.type === 'rolling') return period(atMs - window.seconds * 1_000, atMs, 1);
  let index = guess(window, atMs);
  while (startOf(window, index) > atMs) index -= 1;
  while (startOf(window, index + 1) <= atMs) index += 1;
  const [startMs, endMs] = [startOf(window, index), startOf(window, index + 1)];
  return period(startMs, endMs, (atMs - startMs) / (endMs - startMs));
}

/** The length that a formula counts with: the true one at an instant, the nominal one without. */
export function periodSeconds(window: SloWindow, atMs: number | undefined): Rational {
  const seconds = atMs === undefined ? window.seconds : windowAt(window, atMs).seconds;
  return new Rational(BigInt(Math.round(seconds)));
}

function period(startMs: number, endMs: number, elapsed: number): Period {
  return Object.freeze({ startMs, endMs, seconds: (endMs - startMs) / 1_000, elapsed });
}

/** Within one window of the right one, so that the search is short. */
function guess(window: CalendarWindow, atMs: number): number {
  const anchor = parseLocalTime(window.startTime);
  const at = localTimeAt(atMs, window.timeZone);
  const { months, days } = stepOf(window);
  if (months > 0) return Math.floor(((at.year - anchor.year) * 12 + at.month - anchor.month) / months);
  return Math.floor((Date.UTC(at.year, at.month - 1, at.day) - Date.UTC(anchor.year, anchor.month - 1, anchor.day)) / 86_400_000 / days);
}

function startOf(window: CalendarWindow, index: number): number {
  const anchor = parseLocalTime(window.startTime);
  const { months, days } = stepOf(window);
  return instantOf(months > 0 ? addMonths(anchor, months * index) : { ...anchor, day: anchor.day + days * index }, window.timeZone);
}

function stepOf({ unit, count }: CalendarWindow): { readonly months: number; readonly days: number } {
  return { months: steps[unit].months * count, days: steps[unit].days * count };
}

function addMonths(local: LocalTime, months: number): LocalTime {
  const first = new Date(Date.UTC(local.year, local.month - 1 + months, 1));
  const [year, month] = [first.getUTCFullYear(), first.getUTCMonth() + 1];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { ...local, year, month, day: Math.min(local.day, last) };
}
