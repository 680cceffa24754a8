/** Where values lie in a plot of 1000 by 100 units; the time axis is the same for every track. */
export const PLOT_WIDTH = 1000;
export const PLOT_HEIGHT = 100;

/** A moment and a value, or no value where nothing was measured. */
export type Reading = readonly [atMs: number, value: number | undefined];

/** Beyond so long without a reading the line is broken: nobody looked. */
const GAP_MS = 3500;

export interface TimeAxis {
  readonly nowMs: number;
  readonly spanMs: number;
}

export function xOf({ nowMs, spanMs }: TimeAxis, atMs: number): number {
  return PLOT_WIDTH * Math.max(0, Math.min(1, 1 - (nowMs - atMs) / spanMs));
}

/** The end of a linear axis: 1, 2 or 5 times a power of ten, at least `least`. */
export function niceTop(values: readonly (number | undefined)[], least: number): number {
  const top = Math.max(least, ...values.filter((value) => value !== undefined));
  const power = 10 ** Math.floor(Math.log10(top));
  return ([1, 2, 5, 10].find((step) => step * power >= top) ?? 10) * power;
}

export function linear(top: number): (value: number) => number {
  return (value) => PLOT_HEIGHT * (1 - Math.max(0, Math.min(1, value / top)));
}

/** For durations, which differ by powers of ten. */
export function logarithmic(bottom: number, top: number): (value: number) => number {
  const share = (value: number) => Math.log(value / bottom) / Math.log(top / bottom);
  return (value) => PLOT_HEIGHT * (1 - Math.max(0, Math.min(1, share(Math.max(value, bottom)))));
}

/** The readings as runs without a gap, as points of the plot. */
function runs(axis: TimeAxis, readings: readonly Reading[], yOf: (value: number) => number): string[][] {
  const found: string[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const [atMs, value] of readings) {
    if (value === undefined) continue;
    if (atMs - lastMs > GAP_MS) found.push([]);
    lastMs = atMs;
    found.at(-1)?.push(`${xOf(axis, atMs).toFixed(1)} ${yOf(value).toFixed(1)}`);
  }
  return found;
}

/** A line as the data of an SVG path. */
export function linePath(axis: TimeAxis, readings: readonly Reading[], yOf: (value: number) => number): string {
  return runs(axis, readings, yOf)
    .map((points) => `M${points.join('L')}`)
    .join('');
}

/** What lies between two lines over the same moments, as the data of an SVG path. */
export function areaPath(axis: TimeAxis, upper: readonly Reading[], lower: readonly Reading[], yOf: (value: number) => number): string {
  const floors = runs(axis, lower, yOf);
  return runs(axis, upper, yOf)
    .map((points, at) => `M${points.join('L')}L${(floors[at] ?? []).toReversed().join('L')}Z`)
    .join('');
}

/** Stretches of the same state, such as a breaker that was open from then until then. */
export interface Stretch<State> {
  readonly state: State;
  readonly fromMs: number;
  readonly toMs: number;
}

export function stretches<State>(states: readonly (readonly [atMs: number, state: State | undefined])[]): Stretch<State>[] {
  const found: { state: State; fromMs: number; toMs: number }[] = [];
  let last: { state: State; fromMs: number; toMs: number } | undefined;
  for (const [atMs, state] of states) {
    if (last !== undefined && atMs - last.toMs <= GAP_MS) last.toMs = atMs;
    if (state === undefined) last = undefined;
    else if (last?.state !== state || atMs - last.toMs > GAP_MS) {
      last = { state, fromMs: atMs, toMs: atMs };
      found.push(last);
    }
  }
  return found;
}
