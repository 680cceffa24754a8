import { SloError } from './errors.ts';
import { show } from './show.ts';

/** Length of time as text, in Prometheus's form: whole numbers with the units `w d h m s`, largest first, for example `30d` or `1h30m`. */
export type Duration = string;

const pattern = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;
const unitSeconds = [604_800, 86_400, 3_600, 60, 1];
const longestSeconds = 10 * 366 * 86_400;

/** Seconds of a duration: a whole number from 1 to ten years. `name` is the option that the message speaks of. */
export function readDuration(name: string, input: Duration): number {
  const match = typeof input === 'string' && input.length <= 40 ? pattern.exec(input) : null;
  const seconds = (match ?? []).slice(1).reduce((sum, amount, index) => sum + Number(amount ?? 0) * (unitSeconds[index] ?? 0), 0);
  if (seconds < 1 || seconds > longestSeconds) {
    const hint = /^\d+[MQY]$/.test(input) ? ' (m is minutes; for a month say 30d, or use a calendar window)' : '';
    throw new SloError(
      'INVALID_DURATION',
      `${name} must be a duration from 1s to 3660d, such as 30d, 6h or 1h30m, got ${show(input)}${hint}`,
    );
  }
  return seconds;
}
