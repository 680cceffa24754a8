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
 * right window sees them. `others` are raised in the same alert: where they would hide what is shown, the errors are placed where they do not.
 */
export function scenariosOf(alert: Alert, grid: Grid, others: readonly Alert[] = []): readonly Scenario[] {
  const reach: Reach = {
    all: Math.floor(grid.seconds / grid.step),
    long: stepsSeen(grid, alert.longSeconds),
    short: stepsSeen(grid, alert.shortSeconds),
    threshold: alert.threshold,
  };
  const label = `tier ${alert.tier} (${alert.longWindow} and ${alert.shortWindow})`;
  const quiet = (spells: readonly Spell[]): boolean => others.every((other) => !isRaised(other, grid, spells));
  // Samples stand around edges only: with one at each window of the others it is known for sure what they see.
  const edges = others.flatMap(({ longSeconds, shortSeconds }) => [longSeconds, shortSeconds].map((seconds) => stepsSeen(grid, seconds)));
  const scenario = (name: string, candidates: readonly (readonly Spell[])[]): Scenario[] => {
    const possible = candidates.filter((spells) => spells.every(({ errorRatio }) => errorRatio >= 0 && errorRatio <= 1));
    const chosen = (possible.find(quiet) ?? possible[0])?.filter(({ from, to }) => from > to);
    const spells = chosen && [...chosen, ...edges.map((edge) => spell(edge, edge - 1, 0))];
    return spells === undefined ? [] : [{ name: `${label}: ${name}`, seconds: grid.seconds, spells, errorSeries: true }];
  };
  return [
    ...scenario('just enough errors over both windows', justEnough(reach)),
    ...scenario('just too few over the long window', longBelow(reach)),
    ...scenario('just too few over the short window', shortBelow(reach)),
  ];
}

/** What a pair of windows sees, in steps before the end. */
interface Reach {
  /** The whole history. */
  readonly all: number;
  readonly long: number;
  readonly short: number;
  readonly threshold: number;
}

/** Errors between two moments with this share on average. */
type Shape = (from: number, to: number, errorRatio: number) => Spell;

const evenly: Shape = spell;
const inTheOlder =
  (part: number): Shape =>
  (from, to, errorRatio) => {
    const end = Math.max(to, from - Math.floor((from - to) * part));
    return spell(from, end, from === end ? 0 : (errorRatio * (from - to)) / (from - end));
  };
/** Half a window would see nothing of it. */
const inTheOlderHalf = inTheOlder(1 / 2);

/** What is tried for the short window, the most telling first: later ones hide from shorter windows of others. */
const shapesOfShort: readonly Shape[] = [evenly, inTheOlderHalf, inTheOlder(1 / 4)];
/** And for what the long window sees besides. */
const shapesOfLong: readonly Shape[] = [evenly, inTheOlderHalf, inTheOlder(1 / 4)];

/** A tenth more of a threshold would not be reached. */
function justEnough({ long, short, threshold }: Reach): Spell[][] {
  const enough = 1.05 * threshold;
  const shapes: readonly (readonly [Shape, Shape])[] = [
    [inTheOlderHalf, inTheOlderHalf],
    [evenly, evenly],
    [inTheOlderHalf, evenly],
    [evenly, inTheOlderHalf],
    [inTheOlder(1 / 4), inTheOlderHalf],
    [inTheOlderHalf, inTheOlder(1 / 4)],
  ];
  return shapes.map(([older, recent]) => [older(long, short, enough), recent(short, 0, enough)]);
}

/** The short window is well above; the long one just below, with many errors right before it. */
function longBelow({ all, long, short, threshold }: Reach): Spell[][] {
  const recent = Math.min(1, 1.3 * threshold);
  const rest = Math.max(0, (0.95 * threshold * long - recent * short) / (long - short));
  const before = spell(Math.min(all, 2 * long), long, Math.min(1, 1.5 * threshold));
  return [[before], []].flatMap((decoy) =>
    shapesOfLong.flatMap((older) => shapesOfShort.map((shape) => [...decoy, older(long, short, rest), shape(short, 0, recent)])),
  );
}

/** The long window is well above; the short one just below, with many errors right before it. */
function shortBelow({ long, short, threshold }: Reach): Spell[][] {
  const before = Math.min(1, 1.6 * threshold);
  const edge = Math.min(2 * short, long);
  const seen = 0.95 * threshold * short + before * (edge - short);
  return [1.2, 1.05].flatMap((above) => {
    const rest = edge === long ? 0 : Math.max(0, (above * threshold * long - seen) / (long - edge));
    return shapesOfLong.flatMap((older) =>
      shapesOfShort.map((shape) => [older(long, edge, rest), spell(edge, short, before), shape(short, 0, 0.95 * threshold)]),
    );
  });
}

/** Whether both windows of an alert are above its threshold at the end, or too near to be sure. */
function isRaised({ longSeconds, shortSeconds, threshold }: Alert, grid: Grid, spells: readonly Spell[]): boolean {
  return [longSeconds, shortSeconds].every((seconds) => {
    const seen = stepsSeen(grid, seconds);
    const errors = spells.reduce((sum, { from, to, errorRatio }) => sum + Math.max(0, Math.min(from, seen) - to) * errorRatio, 0);
    return errors / seen > 0.95 * threshold;
  });
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
