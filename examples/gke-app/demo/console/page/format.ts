import type { Percentiles } from '../protocol.ts';

const whole = new Intl.NumberFormat('en');

export function count(number: number | undefined): string {
  return number === undefined ? '?' : whole.format(Math.round(number));
}

/** `1 event`, `12 events`. */
export function plural(number: number, word: string): string {
  return `${count(number)} ${word}${Math.round(number) === 1 ? '' : 's'}`;
}

/** `0`, `4.8`, `25`, `1,310`, `?`; of so many a second. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return '?';
  return perSecond >= 9.95 || perSecond < 0.05 ? count(perSecond) : perSecond.toFixed(1);
}

/** `640 µs`, `8.4 ms`, `320 ms`, `1.2 s`, `4 min`. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 120_000) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

/** A quantile, as exactly as the buckets of its histogram can tell. */
export function quantile(seconds: number | undefined, { floor, ceiling }: Pick<Percentiles, 'floor' | 'ceiling'>): string {
  if (seconds === undefined) return '–';
  if (seconds < floor) return below(floor);
  return seconds >= ceiling ? `≥ ${duration(ceiling * 1000)}` : duration(seconds * 1000);
}

/** Less than the first bucket of a histogram: `< 5 ms`. */
export function below(floorSeconds: number): string {
  return `< ${duration(floorSeconds * 1000).replace('.0 ', ' ')}`;
}

/** `87 %`, `99.2 %`, `< 0.1 %`. */
export function percent(ratio: number): string {
  const value = ratio * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${value >= 99.95 || (value < 10 && value > 0) ? Number(value.toFixed(1)) : Math.round(value)} %`;
}

/** `0×`, `0.4×`, `12×`: how many times as fast as allowed. */
export function factor(burn: number): string {
  return `${burn >= 10 ? count(burn) : Number(burn.toFixed(1))}×`;
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
