import type { Alert } from '@nines/slo';

/** A spell of errors: from `fromSeconds` to `toSeconds` before the end, this share of events is bad. */
export interface Spell {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly errorRatio: number;
}

/** A made-up history of a service, and what its end is there to show. */
export interface Scenario {
  readonly name: string;
  readonly seconds: number;
  readonly spells: readonly Spell[];
  /** Without any error there is no error series. */
  readonly errorSeries: boolean;
  /** Parts of the history without any data, in the same form. */
  readonly present?: readonly Omit<Spell, 'errorRatio'>[];
}

/**
 * Histories that tell a right alert from one that is a little wrong: just above or just below one threshold, with errors placed where only the
 * right window sees them.
 */
export function scenariosOf(alert: Alert): readonly Scenario[] {
  const { longSeconds: long, shortSeconds: short, threshold } = alert;
  const label = `tier ${alert.tier} (${alert.longWindow} and ${alert.shortWindow})`;
  const scenario = (name: string, spells: readonly Spell[]): Scenario[] =>
    spells.every(({ errorRatio }) => errorRatio >= 0 && errorRatio <= 1)
      ? [
          {
            name: `${label}: ${name}`,
            seconds: 2 * long,
            spells: spells.filter((spell) => spell.fromSeconds > spell.toSeconds),
            errorSeries: true,
          },
        ]
      : [];
  const both = 1.05 * threshold;
  return [
    // In the older half of each window: half a window would see nothing, a tenth more of a threshold would not be reached.
    ...scenario('errors in the older half of both windows, just enough', [
      spell(long, long / 2, 2 * both * (1 - short / long)),
      spell(short, short / 2, 2 * both),
    ]),
    ...scenario('just too few over the long window', longBelow(long, short, threshold)),
    ...scenario('just too few over the short window', shortBelow(long, short, threshold)),
  ];
}

/** The short window is well above; the long one just below, with many errors right before it. */
function longBelow(long: number, short: number, threshold: number): Spell[] {
  const recent = Math.min(1, 1.3 * threshold);
  const rest = Math.max(0, (0.95 * threshold * long - recent * short) / (long - short));
  return [spell(2 * long, long, Math.min(1, 1.5 * threshold)), spell(long, short, rest), spell(short, 0, recent)];
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
export function periodScenario(tick: number): Scenario {
  const [before, older, last] = [22 * tick, 15 * tick, 0];
  return {
    name: 'three moments of traffic, one of them before the period',
    seconds: 25 * tick,
    spells: [spell(before + 700, before, 1), spell(last + 300, last + 150, 1)],
    errorSeries: true,
    present: [before, older, last].map((moment) => ({ fromSeconds: moment + 700, toSeconds: moment })),
  };
}

/** Always the same error ratio: an alert that waits must wait no longer than it says. */
export function steadyScenario(alert: Alert, seconds: number): Scenario {
  const errorRatio = Math.min(1, 1.5 * alert.threshold);
  return {
    name: `tier ${alert.tier}: errors for as long as it waits, and longer`,
    seconds,
    spells: [spell(seconds, 0, errorRatio)],
    errorSeries: true,
  };
}

function spell(fromSeconds: number, toSeconds: number, errorRatio: number): Spell {
  return { fromSeconds, toSeconds, errorRatio };
}
