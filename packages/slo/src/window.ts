import { readDuration, type Duration } from './duration.ts';

/** The time over which an objective is judged: always the last `seconds` before now. */
export interface RollingWindow {
  readonly type: 'rolling';
  /** The text it was made from, for example `30d`. */
  readonly duration: Duration;
  /** Its length in seconds, for example 2592000. */
  readonly seconds: number;
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
