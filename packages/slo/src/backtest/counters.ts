import { SloError } from '../errors.ts';
import type { CounterSeries } from './matrix.ts';

/** Evenly spaced readings: when the recording begins, how far they are apart, how many there are. Milliseconds. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly readings: number;
}

const mostReadings = 5_000_000;

/** The grid that all readings lie on. The step is the smallest distance between two readings of a series, unless it is given. */
export function gridOf(series: readonly CounterSeries[], stepMs?: number): Grid {
  const filled = series.filter(({ times }) => times.length > 0);
  let [first, last, smallest] = [Infinity, -Infinity, Infinity];
  for (const { times } of filled) {
    first = Math.min(first, times[0]!);
    last = Math.max(last, times.at(-1)!);
    for (let index = 1; index < times.length; index++) smallest = Math.min(smallest, times[index]! - times[index - 1]!);
  }
  const step = stepMs ?? smallest;
  if (!Number.isFinite(first) || !Number.isFinite(step)) {
    throw new SloError('INVALID_HISTORY', 'total must have a series with two readings or more: without events there is nothing to judge');
  }
  const readings = Math.round((last - first) / step) + 1;
  if (readings > mostReadings)
    throw new SloError('INVALID_HISTORY', `total and bad must have at most ${mostReadings} readings, got ${readings}`);
  for (const { key, times } of filled) {
    const off = times.find((time) => (time - first) % step !== 0);
    if (off !== undefined) {
      throw new SloError(
        'INVALID_HISTORY',
        `total and bad must have readings every ${step / 1_000}s from ${first / 1_000}, as query_range gives them; ${key} has one at ${off / 1_000}`,
      );
    }
  }
  return { startMs: first, stepMs: step, readings };
}

/** A counter on the grid, ready for `increase` at any reading over any window in constant time. */
export interface Counter {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** What resets before each sample took away. */
  readonly lost: Float64Array;
  /** For each reading of the grid, the index of the last sample at or before it; -1 before the first. */
  readonly latest: Int32Array;
  /** How often it began anew. */
  readonly resets: number;
}

export function counterOn({ startMs, stepMs, readings }: Grid, { times, values }: CounterSeries): Counter {
  const lost = new Float64Array(values.length);
  let resets = 0;
  for (let index = 1; index < values.length; index++) {
    const fell = values[index]! < values[index - 1]!;
    if (fell) resets++;
    lost[index] = lost[index - 1]! + (fell ? values[index - 1]! : 0);
  }
  const latest = new Int32Array(readings);
  let sample = -1;
  for (let reading = 0; reading < readings; reading++) {
    if (sample + 1 < times.length && times[sample + 1]! <= startMs + reading * stepMs) sample++;
    latest[reading] = sample;
  }
  return { times, values, lost, latest, resets };
}

/**
 * Prometheus's `increase(counter[window])` at a reading; undefined when the window holds fewer than two samples.
 * Resets are added back, and the increase is extended to the window's edges as Prometheus does: at most half a sample's distance
 * beyond what was seen, never below a counter of zero. Source: Prometheus 2, `promql/functions.go`, `extrapolatedRate`.
 */
export function increase(counter: Counter, { startMs, stepMs }: Grid, reading: number, windowMs: number): number | undefined {
  const { times, values, lost, latest } = counter;
  const last = latest[reading]!;
  const end = startMs + reading * stepMs;
  // Closed at both edges: the first sample at or after the start of the window.
  const before = Math.ceil((end - windowMs - startMs) / stepMs) - 1;
  const first = before < 0 ? 0 : latest[before]! + 1;
  if (last - first < 1) return undefined;
  const raw = values[last]! - values[first]! + lost[last]! - lost[first]!;
  const sampled = times[last]! - times[first]!;
  const average = sampled / (last - first);
  let toStart = times[first]! - (end - windowMs);
  if (raw > 0 && values[first]! >= 0) toStart = Math.min(toStart, sampled * (values[first]! / raw));
  const toEnd = end - times[last]!;
  const edge = (distance: number) => (distance < average * 1.1 ? distance : average / 2);
  return (raw * (sampled + edge(toStart) + edge(toEnd))) / sampled;
}
