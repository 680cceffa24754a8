import type { Scenario } from './scenario.ts';

/** Events of a step, whatever its length: enough that rounding to whole events changes nothing. */
const eventsPerStep = 1_000_000;

/** A scenario in steps: what was counted in each, and where nothing was. */
export interface History {
  /** Length of a step in seconds: the interval of the series. */
  readonly step: number;
  /** Bad events of each step; the first step ends at one step after the start. */
  readonly bad: readonly number[];
  readonly total: number;
  /** Whether there is a sample at the end of each step; one more than steps, for the start. */
  readonly present: readonly boolean[];
}

/**
 * A scenario cut into steps. `whole`: a step is bad or good altogether, and the share of bad ones follows the scenario, as for gauges and slices.
 */
export function historyOf(scenario: Scenario, step: number, whole?: { readonly stepsPerSample: number }): History {
  const steps = Math.floor(scenario.seconds / step);
  const bad: number[] = [];
  let owed = 0;
  for (let index = 0; index < steps; index += 1) {
    const ratio = ratioAt(scenario, steps - index - 1);
    if (whole === undefined) bad.push(Math.round(ratio * eventsPerStep));
    else if (index % whole.stepsPerSample !== 0) bad.push(bad.at(-1) ?? 0);
    else {
      owed += ratio;
      bad.push(owed >= 1 ? eventsPerStep : 0);
      if (owed >= 1) owed -= 1;
    }
  }
  const isPresent = whole === undefined ? presence(scenario, steps, step) : (): boolean => true;
  return { step, bad, total: eventsPerStep, present: Array.from({ length: steps + 1 }, (_, index) => isPresent(steps - index)) };
}

/** promtool loads at most 10,000 samples for a query, so there are samples only around what a scenario is about, and counters jump in between. */
function presence({ present, spells }: Scenario, steps: number, step: number): (ago: number) => boolean {
  if (present !== undefined) return (ago) => present.some(({ from, to }) => ago <= from && ago >= to);
  const edges = [steps, ...spells.flatMap(({ from, to }) => [from, to])];
  return (ago) => ago * step <= 1_200 || edges.some((edge) => Math.abs(ago - edge) <= 10);
}

function ratioAt({ spells }: Scenario, ago: number): number {
  return spells.find(({ from, to }) => ago < from && ago >= to)?.errorRatio ?? 0;
}

/** The values of a counter that grows by `increments`, in promtool's short form. */
export function counterValues(increments: readonly number[], present: readonly boolean[]): string {
  const parts: string[] = [];
  let value = 0;
  for (let index = 0; index < present.length;) {
    const [shown, slope, first] = [present[index], increments[index] ?? 0, value];
    // A run: samples that are all missing, or all there with a growth that does not change.
    const end = runEnd(present.length, index, (at) => present[at] === shown && (shown !== true || increments[at] === slope));
    value += increments.slice(index, end).reduce((sum, increment) => sum + increment, 0);
    parts.push(shown === true ? `${first}+${slope}x${end - index - 1}` : `_x${end - index}`);
    index = end;
  }
  return parts.join(' ');
}

function runEnd(length: number, start: number, belongs: (at: number) => boolean): number {
  let end = start + 1;
  while (end < length && belongs(end)) end += 1;
  return end;
}

/** The values of a gauge, in promtool's short form. */
export function gaugeValues(values: readonly number[]): string {
  const parts: string[] = [];
  for (let index = 0; index < values.length;) {
    const value = values[index];
    const end = runEnd(values.length, index, (at) => values[at] === value);
    parts.push(`${value}x${end - index - 1}`);
    index = end;
  }
  return parts.join(' ');
}

/** The share of bad events that a counter's window shows at a moment, as `increase` sees it; undefined without two samples. */
export function ratioOver(history: History, atSeconds: number, windowSeconds: number): Reading | undefined {
  const { step, bad, present, total } = history;
  const from = atSeconds - windowSeconds;
  const inside = indexesBetween(step, Math.max(0, from), atSeconds).filter((index) => present[index] === true);
  const [first, last] = [inside[0], inside.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const sum = bad.slice(first, last).reduce((all, one) => all + one, 0);
  // Where no sample is near the window's older edge, `increase` guesses what lies between, for each series by itself.
  return { ratio: sum / (total * (last - first)), sure: first * step - from <= 2 * step };
}

/** A ratio, and whether promtool is certain to see the same. */
export interface Reading {
  readonly ratio: number;
  readonly sure: boolean;
}

/** The share of bad samples in a window; `ticks` are every `stepsPerSample` steps. Both readings of the window's older edge. */
export function sampleRatiosOver(
  history: History,
  at: { readonly tick: number; readonly atSeconds: number; readonly windowSeconds: number },
): number[] {
  const stepsPerSample = Math.round(at.tick / history.step);
  const flag = (tick: number): number => (history.bad[tick * stepsPerSample - 1] ?? 0) / history.total;
  const ticks = indexesBetween(at.tick, Math.max(at.tick, at.atSeconds - at.windowSeconds), at.atSeconds);
  // Prometheus 2 counts a sample on the edge, Prometheus 3 does not.
  return [ticks, ticks.slice(1)]
    .filter((list) => list.length > 0)
    .map((list) => list.reduce((sum, tick) => sum + flag(tick), 0) / list.length);
}

function indexesBetween(size: number, from: number, to: number): number[] {
  const first = Math.ceil(from / size);
  return Array.from({ length: Math.max(0, Math.floor(to / size) - first + 1) }, (_, index) => first + index);
}
