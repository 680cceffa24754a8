import { SloError } from '../errors.ts';
import { show } from '../show.ts';

/** Milliseconds since 1970 as ISO 8601 in UTC, without a fraction of a second where there is none. */
export function moment(name: string, ms: number): string {
  if (typeof ms !== 'number' || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    throw new SloError('INVALID_OPTION', `${name} must be milliseconds since 1970, such as Date.UTC(2026, 0, 1), got ${show(ms)}`);
  }
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** Seconds as people say them, in at most two units: `1 h 5 min`, `42 s`. */
export function spell(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let rest = Math.round(Math.abs(seconds));
  const first = units.findIndex(([, size]) => rest >= size);
  if (first === -1) return '0 s';
  const parts = units.slice(first, first + 2).flatMap(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest %= size;
    return amount === 0 ? [] : [`${amount} ${unit}`];
  });
  return `${seconds < 0 ? '−' : ''}${parts.join(' ')}`;
}

/** A ratio as per cent, with as many digits as tell something. */
export function percent(ratio: number, digits: number = 1): string {
  return `${(ratio * 100).toFixed(digits)} %`;
}
