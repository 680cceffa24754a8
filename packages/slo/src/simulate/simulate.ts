import { readQuantity, type DecimalInput } from '../decimal.ts';
import { readDuration, type Duration } from '../duration.ts';
import { SloError } from '../errors.ts';
import { readRatio } from '../decimal.ts';
import type { Slo } from '../objective.ts';
import { checkOptions } from '../options.ts';
import { show } from '../show.ts';
import { allowedBad } from './consumption.ts';
import { firingsOf, overCounters, type Firing } from './evaluate.ts';
import { happen, type EventHistory } from './history.ts';
import type { Outage } from './outage.ts';
import { rulesOf } from './rules.ts';
import { score, type AlertScore } from './score.ts';
import { traffic, type TrafficModel } from './traffic.ts';

/** What `simulate` takes; all may be left out. */
export interface SimulateOptions {
  /** What goes wrong, made by `outage`. Default: nothing. At most 1000. */
  readonly outages?: readonly Outage[];
  /** How events come, made by `traffic`. Default: `traffic.constant({ perSecond: 10 })`. */
  readonly traffic?: TrafficModel;
  /** The length of the simulation. Default: the objective's window. */
  readonly over?: Duration;
  /** The time between two evaluations of the alerts. Default `1m`. At most 1 000 000 steps in all. */
  readonly step?: Duration;
  /** The error ratio when all is well. Default 0. */
  readonly background?: DecimalInput;
  /** The share of the error budget from which on an outage deserves an alert. Default `2%`. */
  readonly significantBudget?: DecimalInput;
  /** The same seed, the same world; 0 to 4294967295. Default 1. */
  readonly seed?: number;
}

/** What happened in a simulation, and what the alerts made of it. */
export interface Simulation {
  /** Each time an alert fired, in order of time. */
  readonly firings: readonly Firing[];
  /** The outages that were played, in order of time. */
  readonly outages: readonly Outage[];
  /** How good the alerts that page were. */
  readonly page: AlertScore;
  /** How good the alerts that write a ticket were. */
  readonly ticket: AlertScore;
  /** All events, and the bad ones. */
  readonly total: number;
  readonly bad: number;
  /** The share of one window's error budget that the whole simulation spent. */
  readonly budgetSpent: number;
  /** The counters behind it, for a report or a drawing. */
  readonly history: EventHistory;
}

const defaults = Object.freeze({
  traffic: traffic.constant({ perSecond: 10 }),
  step: '1m',
  background: 0,
  significantBudget: '2%',
  seed: 1,
});

const mostOutages = 1_000;
const mostSteps = 1_000_000;

/**
 * Plays outages against an objective's alert policy: what fires, when, and how much of the budget is gone by then.
 * Alerts are evaluated as Prometheus evaluates them, once a step.
 *
 * @param slo - the objective; its `alerting` is the policy that is tried
 * @param options - outages, traffic, length, step and seed
 * @returns firings, and precision, recall, detection and reset for pages and tickets; the same for the same arguments
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling } from '@nines/slo';
 * import { outage, simulate } from '@nines/slo/simulate';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * const { page } = simulate(slo, { outages: [outage.step({ at: '1d', lasting: '40m', errorRatio: '10%' })] });
 * console.log(page.fired, page.recall, page.outages[0]?.detectionSeconds); // 2 1 540
 * ```
 */
export function simulate(slo: Slo, options: SimulateOptions = {}): Simulation {
  checkOptions('simulate', options, ['outages', 'traffic', 'over', 'step', 'background', 'significantBudget', 'seed']);
  const outages = checkOutages(options.outages ?? []);
  const stepSeconds = readDuration('step', options.step ?? defaults.step);
  const seconds = options.over === undefined ? slo.window.seconds : readDuration('over', options.over);
  if (seconds / stepSeconds > mostSteps || seconds < stepSeconds) {
    throw new SloError('INVALID_OPTION', `over must be from 1 to ${mostSteps} steps of ${stepSeconds}s, got ${seconds}s`);
  }
  const world = {
    seconds,
    stepSeconds,
    seed: options.seed ?? defaults.seed,
    traffic: options.traffic ?? defaults.traffic,
    outages,
    background: readRatio('background', options.background ?? defaults.background).toNumber(),
    budget: slo.budget,
  };
  const history = happen(world);
  return judge(
    slo,
    history,
    outages,
    readQuantity('significantBudget', options.significantBudget ?? defaults.significantBudget).toNumber(),
  );
}

function judge(slo: Slo, history: EventHistory, outages: readonly Outage[], significantBudget: number): Simulation {
  const { stepSeconds } = history;
  const rules = rulesOf('simulate', slo);
  const readings = history.total.length;
  const firings = firingsOf(rules, { readings, startSeconds: 0, stepSeconds }, overCounters(history));
  const total = history.total.at(-1) ?? 0;
  const bad = history.bad.at(-1) ?? 0;
  const allowed = allowedBad(slo, history);
  const judged = { history, outages, rules, firings, allowed, significantBudget };
  const budgetSpent = allowed === 0 ? 0 : bad / allowed;
  return Object.freeze({
    firings,
    outages,
    page: score('page', judged),
    ticket: score('ticket', judged),
    total,
    bad,
    budgetSpent,
    history,
  });
}

function checkOutages(outages: readonly Outage[]): readonly Outage[] {
  if (!Array.isArray(outages) || outages.length > mostOutages) {
    throw new SloError('INVALID_OPTION', `outages must be an array of at most ${mostOutages}, got ${show(outages)}`);
  }
  return [...outages].sort((a, b) => a.startSeconds - b.startSeconds);
}
