import { readDuration, type Duration } from '../duration.ts';
import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { checkOptions } from '../options.ts';
import { allowedBad } from '../simulate/consumption.ts';
import { firingsOf, isAbove, type Condition, type Firing } from '../simulate/evaluate.ts';
import type { EventHistory } from '../simulate/history.ts';
import { rulesOf } from '../simulate/rules.ts';
import { counterOn, gridOf, increase, type Counter, type Grid } from './counters.ts';
import { readMatrix, type QueryRangeAnswer } from './matrix.ts';

/** What was recorded: the counters of all events, and of the bad ones or of the good ones. */
export interface Recording {
  /** The answer of `query_range` to the selector of all events. */
  readonly total: QueryRangeAnswer;
  /** The answer to the selector of the bad events. Either this or `good`. */
  readonly bad?: QueryRangeAnswer;
  /** The answer to the selector of the good events, as a histogram's bucket. Either this or `bad`. */
  readonly good?: QueryRangeAnswer;
  /** The distance of two readings. Default: the smallest that there is. */
  readonly step?: Duration;
}

/** What a policy would have done. */
export interface Backtest {
  /** Each time an alert would have fired, in order of time; seconds since 1970. */
  readonly firings: readonly Firing[];
  /** The counters over time, for `incidentReport`: all series in one, resets added back. */
  readonly history: EventHistory;
  readonly total: number;
  readonly bad: number;
  /** The share of one window's error budget that was spent. */
  readonly budgetSpent: number;
  /** How many series were read, how often one of them began anew, and how many readings had no value. */
  readonly series: number;
  readonly resets: number;
  readonly gaps: number;
}

/**
 * What an objective's policy would have done with what was recorded: the same firings as Prometheus, evaluated at every reading.
 * A counter that begins anew is counted on, a series that appears late or goes away counts while it is there, a spell without events fires
 * nothing, and an error series that never was means no errors. NaN behaves as in Prometheus.
 *
 * @param slo - an objective with `alerting`
 * @param recording - answers of `query_range` to the plain selectors of the counters, not to a `rate`
 * @throws SloError `INVALID_HISTORY` with the path of what is wrong; `INVALID_OPTION`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling } from '@nines/slo';
 * import { backtest } from '@nines/slo/backtest';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * const minutes = Array.from({ length: 120 }, (_, minute) => minute);
 * const recorded = (perMinute: number) => [{ metric: {}, values: minutes.map((minute) => [minute * 60, String(minute * perMinute)]) }];
 * const { firings } = backtest(slo, { total: recorded(600), bad: recorded(60) });
 * console.log(firings[0]?.alert, firings[0]?.firedSeconds); // page 1h 60
 * ```
 */
export function backtest(slo: Slo, recording: Recording): Backtest {
  checkOptions('backtest', recording, ['total', 'bad', 'good', 'step']);
  const { total, bad, good, step } = recording;
  if ((bad === undefined) === (good === undefined)) {
    throw new SloError('INVALID_OPTION', 'backtest takes total, and either bad or good');
  }
  const rules = rulesOf('backtest', slo);
  const all = readMatrix('total', total);
  const part = bad === undefined ? readMatrix('good', good ?? []) : readMatrix('bad', bad);
  const grid = gridOf([...all, ...part], step === undefined ? undefined : readDuration('step', step) * 1_000);
  const counters = { all: all.map((one) => counterOn(grid, one)), part: part.map((one) => counterOn(grid, one)), isBad: bad !== undefined };
  const times = { readings: grid.readings, startSeconds: grid.startMs / 1_000, stepSeconds: grid.stepMs / 1_000 };
  const firings = firingsOf(rules, times, overRecording(counters, grid));
  const history = historyOf(counters, grid);
  const allowed = allowedBad(slo, history);
  const badEvents = history.bad.at(-1) ?? 0;
  return Object.freeze({
    firings,
    history,
    total: history.total.at(-1) ?? 0,
    bad: badEvents,
    budgetSpent: allowed === 0 ? 0 : badEvents / allowed,
    series: all.length + part.length,
    resets: [...counters.all, ...counters.part].reduce((sum, { resets }) => sum + resets, 0),
    gaps: [...all, ...part].reduce((sum, { times: { length } }) => sum + grid.readings - length, 0),
  });
}

interface Counters {
  readonly all: readonly Counter[];
  readonly part: readonly Counter[];
  readonly isBad: boolean;
}

/** The condition over recorded counters: `increase` of each series, summed, as the generated rules do. */
function overRecording({ all, part, isBad }: Counters, grid: Grid): Condition {
  const failuresIn = (reading: number, windowMs: number, events: number) => {
    const counted = sum(part, grid, reading, windowMs) ?? 0;
    return isBad ? counted : events - counted;
  };
  return (rule) => {
    const [longMs, shortMs] = [rule.longSeconds * 1_000, rule.shortSeconds * 1_000];
    return (reading) => {
      const events = sum(all, grid, reading, longMs);
      if (events === undefined || !isAbove(rule, failuresIn(reading, longMs, events), events)) return false;
      const recent = sum(all, grid, reading, shortMs);
      return recent !== undefined && failuresIn(reading, shortMs, recent) / recent > rule.threshold;
    };
  };
}

function sum(counters: readonly Counter[], grid: Grid, reading: number, windowMs: number): number | undefined {
  let found: number | undefined;
  for (const counter of counters) {
    const one = increase(counter, grid, reading, windowMs);
    if (one !== undefined) found = (found ?? 0) + one;
  }
  return found;
}

/** What was counted up to each reading, from the first sample of each series on. */
function historyOf({ all, part, isBad }: Counters, { startMs, stepMs, readings }: Grid): EventHistory {
  const total = accumulated(all, readings);
  const counted = accumulated(part, readings);
  const bad = isBad ? counted : total.map((value, index) => Math.max(0, value - counted[index]!));
  return { startSeconds: startMs / 1_000, stepSeconds: stepMs / 1_000, total, bad };
}

function accumulated(counters: readonly Counter[], readings: number): Float64Array {
  const sums = new Float64Array(readings);
  for (const { values, lost, latest } of counters) {
    // A reading that is not a number says nothing about the count: the one before it holds.
    const origin = values.find((value) => Number.isFinite(value)) ?? 0;
    let known = 0;
    for (let reading = 0; reading < readings; reading++) {
      const sample = latest[reading]!;
      const value = sample < 0 ? Number.NaN : values[sample]! + lost[sample]! - origin;
      if (Number.isFinite(value)) known = Math.max(known, value);
      sums[reading]! += known;
    }
  }
  return sums;
}
