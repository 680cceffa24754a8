import { readQuantity, readRatio, type DecimalInput } from './decimal.ts';
import { readDuration, type Duration } from './duration.ts';
import { budgetRatio, type Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { one, Rational } from './rational.ts';

/** What `burnRateFactor` takes. */
export interface FactorOptions {
  /** The share of the budget that may be gone when the alert fires: `0.02` or `'2%'`. */
  readonly budget: DecimalInput;
  /** The alert's long window, for example `1h`. */
  readonly longWindow: Duration;
  /** The objective's window, for example `30d`. */
  readonly period: Duration;
}

/**
 * The burn rate at which an alert must fire, so that it fires when `budget` is spent within `longWindow`.
 *
 * Formula: budget × period / long window. Source: Google, The Site Reliability Workbook, chapter 5, tables 5-6 and 5-8.
 * For 30 days: 2% in 1h gives 14.4, 5% in 6h gives 6, 10% in 1d gives 3, 10% in 3d gives 1.
 *
 * @returns the factor, a burn rate
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { burnRateFactor } from '@nines/slo';
 *
 * console.log(burnRateFactor({ budget: '2%', longWindow: '1h', period: '30d' })); // 14.4
 * ```
 */
export function burnRateFactor(options: FactorOptions): number {
  checkOptions('burnRateFactor', options, ['budget', 'longWindow', 'period']);
  return readRatio('budget', options.budget)
    .times(seconds('period', options.period))
    .dividedBy(seconds('longWindow', options.longWindow))
    .toNumber();
}

/**
 * The error ratio above which an alert with this factor fires: the number that goes into the alert's expression.
 * It has no floating-point tail, and at equality the alert stays silent.
 *
 * Formula: factor × (1 - target). Source: Google, The Site Reliability Workbook, chapter 5, "Alert on Burn Rate".
 *
 * @param slo - the objective
 * @param options - `factor`: the alert's burn rate, as `burnRateFactor` returns it
 * @returns a ratio; 1 or more means that the alert can never fire, see `isReachable`
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, errorRatioThreshold, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(errorRatioThreshold(slo, { factor: 14.4 })); // 0.0144
 * ```
 */
export function errorRatioThreshold(slo: Slo, options: { readonly factor: DecimalInput }): number {
  checkOptions('errorRatioThreshold', options, ['factor']);
  return threshold(slo, options.factor).toNumber();
}

/**
 * Whether an alert with this factor can fire at all: even when every request fails, the error ratio is no more than 1.
 * An alert of factor 14 on an objective of 90% is silent for ever.
 *
 * Formula: factor × (1 - target) < 1. Source: Google, The Site Reliability Workbook, chapter 5, "Extreme Availability Goals".
 *
 * @param slo - the objective
 * @param options - `factor`: the alert's burn rate
 * @returns true when a total outage makes it fire
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, isReachable, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'freshness', service: 'feed', objective: '90%', window: rolling('30d') });
 * console.log(isReachable(slo, { factor: 14 }), isReachable(slo, { factor: 6 })); // false true
 * ```
 */
export function isReachable(slo: Slo, options: { readonly factor: DecimalInput }): boolean {
  checkOptions('isReachable', options, ['factor']);
  return threshold(slo, options.factor).isLessThan(one);
}

/** What `detectionTime` takes. */
export interface DetectionOptions {
  /** The error ratio during the outage, from 0 to 1. */
  readonly errorRatio: DecimalInput;
  /** The alert's burn rate. */
  readonly factor: DecimalInput;
  /** The alert's long window, for example `1h`. */
  readonly longWindow: Duration;
  /** How long the condition must hold, as in a rule's `for`. Default: not at all. */
  readonly for?: Duration;
}

/**
 * How long after the start of an outage the alert fires, when all was well before.
 *
 * Formula: factor × (1 - target) × long window / error ratio (+ `for`). Source: Google, The Site Reliability Workbook, chapter 5, "Alert on Burn Rate".
 *
 * @param slo - the objective
 * @param options - the outage and the alert
 * @returns seconds; `Infinity` when the outage is too mild for this alert
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, detectionTime, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(detectionTime(slo, { errorRatio: 1, factor: 14.4, longWindow: '1h' })); // 51.84
 * ```
 */
export function detectionTime(slo: Slo, options: DetectionOptions): number {
  checkOptions('detectionTime', options, ['errorRatio', 'factor', 'longWindow', 'for']);
  const limit = threshold(slo, options.factor);
  const errorRatio = readRatio('errorRatio', options.errorRatio);
  const window = seconds('longWindow', options.longWindow);
  const wait = options.for === undefined ? new Rational(0n) : seconds('for', options.for);
  if (!limit.isLessThan(errorRatio)) return Number.POSITIVE_INFINITY;
  return limit.times(window).dividedBy(errorRatio).plus(wait).toNumber();
}

/** What `resetTime` takes. */
export interface ResetOptions {
  /** The error ratio during the outage, from 0 to 1. */
  readonly errorRatio: DecimalInput;
  /** The alert's burn rate. */
  readonly factor: DecimalInput;
  /** The alert's short window, for example `5m`; for an alert with a single window, that window. */
  readonly shortWindow: Duration;
}

/**
 * How long the alert goes on after the outage has ended, when it had filled the short window and all is well since.
 *
 * Formula: short window × (1 - factor × (1 - target) / error ratio). It follows from the workbook's chapter 5, "Multiwindow, Multi-Burn-Rate Alerts": the clean time
 * needed until the short window is below the threshold again.
 *
 * @param slo - the objective
 * @param options - the outage and the alert
 * @returns seconds; 0 when the outage was too mild for this alert to fire
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, resetTime, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(resetTime(slo, { errorRatio: 0.15, factor: 14.4, shortWindow: '5m' })); // 271.2
 * ```
 */
export function resetTime(slo: Slo, options: ResetOptions): number {
  checkOptions('resetTime', options, ['errorRatio', 'factor', 'shortWindow']);
  const limit = threshold(slo, options.factor);
  const errorRatio = readRatio('errorRatio', options.errorRatio);
  const window = seconds('shortWindow', options.shortWindow);
  if (!limit.isLessThan(errorRatio)) return 0;
  return window.times(one.minus(limit.dividedBy(errorRatio))).toNumber();
}

function threshold(slo: Slo, factor: DecimalInput): Rational {
  return readQuantity('factor', factor).times(budgetRatio(slo));
}

function seconds(name: string, duration: Duration): Rational {
  return new Rational(BigInt(readDuration(name, duration)));
}
