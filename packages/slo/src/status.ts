import { readQuantity, type DecimalInput } from './decimal.ts';
import type { Duration } from './duration.ts';
import { SloError } from './errors.ts';
import { alertsOf } from './alerts.ts';
import { detectionTime, errorRatioThreshold } from './alerting.ts';
import { clopperPearson, wilson } from './interval.ts';
import { readBurnRate, type Events } from './measurement.ts';
import { budgetRatio, type Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { show } from './show.ts';

/** What `alertFires` takes: what was measured in the alert's window, and the alert. */
export type AlertTest = (Events | { readonly errorRatio: DecimalInput }) & {
  /** The alert's burn rate. */
  readonly factor: DecimalInput;
  /** With counted events: the lower bound of an interval must be above the threshold, not only the ratio. Two-sided, `'98%'`. */
  readonly confidence?: DecimalInput;
  /** Whose lower bound: `wilson` (default, as in the rules) or `clopper-pearson`. */
  readonly interval?: 'wilson' | 'clopper-pearson';
};

/**
 * Whether an alert with this factor fires at a measurement: the error ratio is above the threshold. At equality it is silent, as `>` in a rule.
 * With `confidence`, whether the measurement is also more than bad luck: one failure among ten requests is not.
 *
 * Source: Google, The Site Reliability Workbook, chapter 5, "Low-Traffic Services and Error Budget Alerting".
 *
 * @param slo - the objective
 * @param options - the measurement, `factor`, and for few events `confidence` and `interval`
 * @returns true when it fires
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { alertFires, defineSlo, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * const hour = { total: 10, bad: 1, factor: 14.4 };
 * console.log(alertFires(slo, hour), alertFires(slo, { ...hour, confidence: '98%' })); // true false
 * ```
 */
export function alertFires(slo: Slo, options: AlertTest): boolean {
  checkOptions('alertFires', options, ['total', 'bad', 'errorRatio', 'factor', 'confidence', 'interval']);
  const { factor, confidence, interval = 'wilson', ...measurement } = options;
  const exceeds = readQuantity('factor', factor).isLessThan(readBurnRate(slo, measurement));
  if (confidence === undefined) return exceeds;
  if (!('total' in measurement)) throw new SloError('INVALID_OPTION', 'confidence needs total and bad: a ratio does not say of how many');
  if (interval !== 'wilson' && interval !== 'clopper-pearson') {
    throw new SloError('INVALID_OPTION', `interval must be wilson or clopper-pearson, got ${show(interval)}`);
  }
  const bounds = (interval === 'wilson' ? wilson : clopperPearson)({ ...measurement, confidence });
  return exceeds && bounds.lower > errorRatioThreshold(slo, { factor });
}

/** What `sloStatus` takes: counts, of which a missing one is none. */
export interface StatusOptions {
  readonly good?: DecimalInput | null;
  readonly bad?: DecimalInput | null;
  /** The burn rate from which on it counts as alerting. Default 1. */
  readonly factor?: DecimalInput;
}

/** How an objective stands. */
export interface SloStatus {
  /** Whether there was any event. */
  readonly valid: boolean;
  /** The share of good events; 1 without events. */
  readonly sli: number;
  readonly burnRate: number;
  /** Whether the burn rate is above `factor`. */
  readonly alert: boolean;
}

/**
 * How an objective stands after the events of a window. A count that is missing is none: a service without an error has no error series.
 *
 * Source: Google, slo-generator, `tests/unit/test_report.py`.
 *
 * @param slo - the objective
 * @param options - `good` and `bad` events, `factor` (default 1)
 * @returns the share of good events, the burn rate, and whether it is too high
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling, sloStatus } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('1h') });
 * console.log(sloStatus(slo, { good: 5, bad: 5 })); // { valid: true, sli: 0.5, burnRate: 50, alert: true }
 * ```
 */
export function sloStatus(slo: Slo, options: StatusOptions): SloStatus {
  checkOptions('sloStatus', options, ['good', 'bad', 'factor']);
  const good = readQuantity('good', options.good ?? 0);
  const bad = readQuantity('bad', options.bad ?? 0);
  const total = good.plus(bad);
  const valid = !total.isZero();
  const ratio = valid ? bad.dividedBy(total) : bad;
  const burnRate = ratio.dividedBy(budgetRatio(slo));
  return Object.freeze({
    valid,
    sli: valid ? good.dividedBy(total).toNumber() : 1,
    burnRate: burnRate.toNumber(),
    alert: readQuantity('factor', options.factor ?? 1).isLessThan(burnRate),
  });
}

/** What `dynamicThreshold` takes. */
export interface DynamicThresholdOptions {
  /** Events in the objective's window. */
  readonly periodEvents: DecimalInput;
  /** Events in the alert's window. */
  readonly windowEvents: DecimalInput;
  /** The share of the budget that may be gone when the alert fires: `'2%'`. */
  readonly budget: DecimalInput;
}

/**
 * The error ratio at which a window has spent a share of the budget, by events and not by time: in a quiet hour it takes a higher ratio.
 *
 * Formula: period events / window events × budget × (1 - target). Source: pyrra, dynamic burn rates.
 *
 * @param slo - the objective
 * @param options - the events of the period and of the window, and the share of the budget
 * @returns a ratio; above 1 nothing can reach it; `Infinity` without events in the window
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, dynamicThreshold, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('28d') });
 * console.log(dynamicThreshold(slo, { periodEvents: 1_000_000, windowEvents: 10_000, budget: '2%' })); // 0.02
 * ```
 */
export function dynamicThreshold(slo: Slo, options: DynamicThresholdOptions): number {
  checkOptions('dynamicThreshold', options, ['periodEvents', 'windowEvents', 'budget']);
  const window = readQuantity('windowEvents', options.windowEvents);
  const allowed = readQuantity('periodEvents', options.periodEvents).times(readQuantity('budget', options.budget)).times(budgetRatio(slo));
  return window.isZero() ? Number.POSITIVE_INFINITY : allowed.dividedBy(window).toNumber();
}

/**
 * How long a metric must be absent before that is worth an alert: as long as the quickest alert takes in a total outage, rounded to the minute.
 *
 * Source: pyrra, `slo/slo.go`, function `AbsentDuration`.
 *
 * @param slo - an objective with alerting
 * @returns a duration for a rule's `for`, at least a minute; 10 minutes without alerting
 * @throws SloError `INVALID_WINDOW`, `UNREACHABLE_ALERT`
 * @example
 * ```ts
 * import { absentFor, defineSlo, pyrra, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('28d'), alerting: pyrra({ period: '28d' }) });
 * console.log(absentFor(slo)); // 600s
 * ```
 */
export function absentFor(slo: Slo): Duration {
  const [quickest] = alertsOf(slo);
  if (quickest === undefined) return '600s';
  const { factor, longWindow } = quickest;
  const seconds = detectionTime(slo, { errorRatio: 1, factor, longWindow, ...(quickest.for === undefined ? {} : { for: quickest.for }) });
  return `${Math.max(1, Math.round(seconds / 60)) * 60}s`;
}
