import { SloError } from './errors.ts';
import { show } from './show.ts';

/** Wall-clock time without a zone: what a calendar and a clock on the wall say. */
export interface LocalTime {
  readonly year: number;
  /** 1–12; arithmetic may leave that range, and `instantOf` normalises it. */
  readonly month: number;
  readonly day: number;
  readonly secondOfDay: number;
}

const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/;

/** Checks a local time and its zone; returns it in full: `2026-01-01 00:00:00`. */
export function readLocalTime(text: string, timeZone: string): string {
  if (typeof timeZone !== 'string' || !isZone(timeZone)) {
    throw new SloError('INVALID_OPTION', `timeZone must be a name of the IANA data base, such as Europe/Berlin, got ${show(timeZone)}`);
  }
  const match = typeof text === 'string' ? pattern.exec(text) : null;
  const [, date = '', , , hour = '00', minute = '00', second = '00'] =
    match === null ? [] : [match[0], match[0].slice(0, 10), ...match.slice(2)];
  const full = `${date} ${hour}:${minute}:${second}`;
  const ms = match === null ? Number.NaN : Date.parse(`${full.replace(' ', 'T')}Z`);
  // The round trip refuses the 30th of February and the 25th hour.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19).replace('T', ' ') !== full) {
    throw new SloError('INVALID_OPTION', `startTime must be a local time such as 2026-01-01 or 2026-01-01 06:00:00, got ${show(text)}`);
  }
  return full;
}

/** The parts of a text that `readLocalTime` returned. */
export function parseLocalTime(full: string): LocalTime {
  return partsOf(Date.parse(`${full.replace(' ', 'T')}Z`));
}

/** What the clock on the wall says at an instant. */
export function localTimeAt(atMs: number, timeZone: string): LocalTime {
  return partsOf(atMs + offsetMs(atMs, timeZone));
}

/**
 * The instant at which the wall shows a local time. Where the clock jumps over it, the instant of the jump's length later, so a window that
 * starts in the gap starts right after it; where it shows it twice, the first.
 */
export function instantOf(local: LocalTime, timeZone: string): number {
  const wall = Date.UTC(local.year, local.month - 1, local.day) + local.secondOfDay * 1_000;
  // The offset in force is that of a day before or of a day after: no zone changes twice within two days.
  const [before, after] = [offsetMs(wall - 86_400_000, timeZone), offsetMs(wall + 86_400_000, timeZone)];
  const found = [wall - before, wall - after].filter((instant) => instant + offsetMs(instant, timeZone) === wall);
  return found.length === 0 ? wall - before : Math.min(...found);
}

function offsetMs(atMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

function isZone(timeZone: string): boolean {
  try {
    return formatOf(timeZone) !== undefined;
  } catch {
    return false;
  }
}

function partsOf(wallMs: number): LocalTime {
  const date = new Date(wallMs);
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    secondOfDay: Math.floor((wallMs - midnight) / 1_000),
  };
}
