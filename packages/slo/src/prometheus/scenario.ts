import type { Alert } from '@nines/slo';

/** A spell of errors: from `from` to `to` steps before the end, this share of events is bad. */
export interface Spell {
  readonly from: number;
  readonly to: number;
  readonly errorRatio: number;
}

/** A made-up history of a service, and what its end is there to show. */
export interface Scenario {
  readonly name: string;
  /** Its length. */
  readonly seconds: number;
  readonly spells: readonly Spell[];
  /** Without any error there is no error series. */
  readonly errorSeries: boolean;
  /** The parts of the history with data, where it is not all of it. */
  readonly present?: readonly Omit<Spell, 'errorRatio'>[];
  /** A check of the time that the budget lasts: the error ratio of the quickest alert's long window. */
  readonly pace?: number;
}

/** Where a history ends, and how long its steps are. */
export interface Grid {
  readonly seconds: number;
  readonly step: number;
}

/** How many steps a window sees at the end of a history: samples stand at multiples of the step, and the end need not be one. */
export function stepsSeen({ seconds, step }: Grid, windowSeconds: number): number {
  return Math.floor(seconds / step) - Math.ceil(Math.max(0, seconds - windowSeconds) / step);
}

/**
 * Histories that tell a right alert from one that is a little wrong: just above or just below one threshold, with errors placed where only the
 * right window sees them.
 */
export function scenariosOf(alert: Alert, grid: Grid): readonly Scenario[] {
  const [long, short] = [stepsSeen(grid, alert.longSeconds), stepsSeen(grid, alert.shortSeconds)];
  const [longHalf, shortHalf] = [Math.ceil(long / 2), Math.ceil(short / 2)];
  const all = Math.floor(grid.seconds / grid.step);
  const { threshold } = alert;
  const label = `tier ${alert.tier} (${alert.longWindow} and ${alert.shortWindow})`;
  const scenario = (name: string, spells: readonly Spell[]): Scenario[] =>
    spells.every(({ errorRatio }) => errorRatio >= 0 && errorRatio <= 1)
      ? [{ name: `${label}: ${name}`, seconds: grid.seconds, spells: spells.filter(({ from, to }) => from > to), errorSeries: true }]
      : [];
  const enough = 1.05 * threshold;
  return [
    // Half a window would see nothing, and a tenth more of a threshold would not be reached. Above a half there is no room for that.
    ...(threshold < 0.45
      ? scenario('errors in the older half of both windows, just enough', [
          spell(long, longHalf, (enough * (long - short)) / (long - longHalf)),
          spell(short, shortHalf, (enough * short) / (short - shortHalf)),
        ])
      : scenario('errors all through both windows, just enough', [spell(long, 0, enough)])),
    ...scenario('just too few over the long window', longBelow(all, long, short, threshold)),
    ...scenario('just too few over the short window', shortBelow(long, short, threshold)),
  ];
}

/** The short window is well above; the long one just below, with many errors right before it. */
function longBelow(all: number, long: number, short: number, threshold: number): Spell[] {
  const recent = Math.min(1, 1.3 * threshold);
  const rest = Math.max(0, (0.95 * threshold * long - recent * short) / (long - short));
  return [spell(Math.min(all, 2 * long), long, Math.min(1, 1.5 * threshold)), spell(long, short, rest), spell(short, 0, recent)];
}

/** The long window is well above; the short one just below, with many errors right before it. */
function shortBelow(long: number, short: number, threshold: number): Spell[] {
  const before = Math.min(1, 1.6 * threshold);
  const edge = Math.min(2 * short, long);
  const seen = 0.95 * threshold * short + before * (edge - short);
  const rest = edge === long ? 0 : Math.max(0, (1.2 * threshold * long - seen) / (long - edge));
  return [spell(long, edge, rest), spell(edge, short, before), spell(short, 0, 0.95 * threshold)];
}

/** Nothing ever went wrong, so there is not even an error series: everything must be there all the same, and be whole. */
export function quietScenario(seconds: number): Scenario {
  return { name: 'no error was ever seen', seconds, spells: [], errorSeries: false };
}

/**
 * Three moments of traffic in a long silence: all bad before the period, all good in its older half, and at its end errors in the older half of
 * the five minutes that are counted. Only the period's own window, and counts of five minutes, make the right sum of them.
 */
export function periodScenario(tick: number, step: number): Scenario {
  const [before, older, last] = [22 * tick, 15 * tick, 0];
  const steps = (seconds: number): number => Math.round(seconds / step);
  return {
    name: 'three moments of traffic, one of them before the period',
    seconds: 25 * tick,
    spells: [spell(steps(before + 700), steps(before), 1), spell(steps(last + 700), steps(last + 150), 1)],
    errorSeries: true,
    present: [before, older, last].map((moment) => ({ from: steps(moment + 700), to: steps(moment) })),
  };
}

/** Always the same error ratio: an alert that waits must wait no longer than it says. */
export function steadyScenario(alert: Alert, { seconds, step }: Grid): Scenario {
  const spells = [spell(Math.ceil(seconds / step), 0, Math.min(1, 1.5 * alert.threshold))];
  return { name: `tier ${alert.tier}: errors for as long as it waits, and longer`, seconds, spells, errorSeries: true };
}

/**
 * Errors that the long window of the quickest alert sees, and no evaluation counts, because they fall between two: nothing is spent, and it is
 * known how long that lasts. Undefined when evaluations are too close for that.
 */
export function paceScenario(alert: Alert, grid: Grid, tick: number): Scenario | undefined {
  const long = stepsSeen(grid, alert.longSeconds);
  const [from, to] = [Math.min(long, Math.floor(tick / grid.step) - 1), Math.ceil(330 / grid.step)];
  if (from - to < 10) return undefined;
  return {
    name: 'how long the budget lasts',
    seconds: grid.seconds,
    // The empty spell is there for its edge: samples stand around edges only.
    spells: [spell(long, from, 0), spell(from, to, 0.5)],
    errorSeries: true,
    pace: (0.5 * (from - to)) / long,
  };
}

function spell(from: number, to: number, errorRatio: number): Spell {
  return { from, to, errorRatio };
}
