import { readDuration, type Duration } from './duration.ts';
import { measurementOptions, readBurnRate, readEvents, type Events, type Measurement } from './measurement.ts';
import { budgetRatio, type Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { periodSeconds } from './period.ts';
import { one, Rational } from './rational.ts';

/** An error budget, counted in events. */
export interface ErrorBudget {
  /** Bad events that the objective allows among `total`. May be a fraction. */
  readonly allowed: number;
  /** Bad events so far. */
  readonly spent: number;
  /** Bad events still allowed; negative when the objective is missed. */
  readonly remaining: number;
  /** The share of the budget that is spent: 0.4 is two fifths, above 1 the objective is missed. 0 when there were no events. */
  readonly consumed: number;
}

/**
 * The error budget of the events of one window.
 *
 * Formula: allowed = total × (1 - target). Source: Google, The Site Reliability Workbook, chapter 2, "Implementing SLOs".
 *
 * @param slo - the objective
 * @param events - all events of the window, and the bad ones
 * @returns the budget in events; each number is the nearest double to the exact value
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, errorBudget, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(errorBudget(slo, { total: 1_000_000, bad: 400 })); // { allowed: 1000, spent: 400, remaining: 600, consumed: 0.4 }
 * ```
 */
export function errorBudget(slo: Slo, events: Events): ErrorBudget {
  checkOptions('errorBudget', events, ['total', 'bad']);
  const { total, bad, ratio } = readEvents(events);
  const allowed = total.times(budgetRatio(slo));
  return Object.freeze({
    allowed: allowed.toNumber(),
    spent: bad.toNumber(),
    remaining: allowed.minus(bad).toNumber(),
    consumed: ratio.dividedBy(budgetRatio(slo)).toNumber(),
  });
}

/** What `budgetConsumed` and `budgetRemaining` take: a measurement, and for how long it was like this. */
export type ConsumptionOptions = Measurement & {
  /** For how long, for example `1h`. Default: the whole window. */
  readonly over?: Duration;
  /** For a calendar window: an instant in the period that is meant, milliseconds since 1970. Default: a period of nominal length. */
  readonly atMs?: number;
};

/**
 * The share of the window's budget that a spell of errors spends.
 *
 * Formula: burn rate × duration / window. Source: Google, The Site Reliability Workbook, chapter 5, "Alert on Burn Rate".
 * With events, they count as spread evenly: their ratio is taken to hold for the whole of `over`.
 *
 * @param slo - the objective
 * @param options - a measurement, `over` (default: the whole window), and `atMs` for the true length of a calendar window
 * @returns a ratio: 0.02 is two per cent of the budget; above 1 when it overspends
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { budgetConsumed, defineSlo, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(budgetConsumed(slo, { burnRate: 14.4, over: '1h' })); // 0.02
 * ```
 */
export function budgetConsumed(slo: Slo, options: ConsumptionOptions): number {
  return consumedExactly('budgetConsumed', slo, options).toNumber();
}

/**
 * The share of the window's budget that is left after a spell of errors, if it was whole before.
 *
 * Formula: 1 - burn rate × duration / window; see `budgetConsumed`.
 *
 * @param slo - the objective
 * @param options - a measurement, `over` (default: the whole window), and `atMs` for the true length of a calendar window
 * @returns a ratio, negative when the budget is overspent
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { budgetRemaining, defineSlo, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(budgetRemaining(slo, { total: 1_000_000, bad: 400 })); // 0.6
 * ```
 */
export function budgetRemaining(slo: Slo, options: ConsumptionOptions): number {
  return one.minus(consumedExactly('budgetRemaining', slo, options)).toNumber();
}

/**
 * How long the service may be down altogether in one window.
 *
 * Formula: (1 - target) × window. Source: Google, Site Reliability Engineering, appendix A, "Availability Table".
 *
 * @param slo - the objective
 * @param options - `over`: another length than the window's, for example `1d`; `atMs`: an instant in the calendar window that is meant
 * @returns seconds
 * @throws SloError `INVALID_DURATION`, `INVALID_OPTION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { allowedDowntime, defineSlo, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(allowedDowntime(slo)); // 2592
 * ```
 */
export function allowedDowntime(slo: Slo, options: { readonly over?: Duration; readonly atMs?: number } = {}): number {
  checkOptions('allowedDowntime', options, ['over', 'atMs']);
  const seconds = options.over === undefined ? periodSeconds(slo.window, options.atMs) : secondsOf(options.over);
  return budgetRatio(slo).times(seconds).toNumber();
}

function consumedExactly(where: string, slo: Slo, options: ConsumptionOptions): Rational {
  checkOptions(where, options, [...measurementOptions, 'over', 'atMs']);
  const period = periodSeconds(slo.window, options.atMs);
  const seconds = options.over === undefined ? period : secondsOf(options.over);
  return readBurnRate(slo, options).times(seconds).dividedBy(period);
}

function secondsOf(duration: Duration): Rational {
  return new Rational(BigInt(readDuration('over', duration)));
}
