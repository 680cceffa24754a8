import { readDecimal, type DecimalInput } from './decimal.ts';
import { measurementOptions, readBurnRate, type Events, type Measurement } from './measurement.ts';
import type { Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { periodSeconds } from './period.ts';

/**
 * How many times faster than allowed the error budget is being spent.
 * At 1 it is gone exactly when the window ends; at 10 after a tenth of the window.
 *
 * Formula: error ratio / (1 - target). Source: Google, The Site Reliability Workbook, chapter 5, table 5-4.
 *
 * @param slo - the objective
 * @param measurement - counted events, or `errorRatio` from 0 to 1; no event at all burns nothing
 * @returns the burn rate, the nearest double to the exact value
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { burnRate, defineSlo, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(burnRate(slo, { total: 1000, bad: 10 })); // 10
 * ```
 */
export function burnRate(slo: Slo, measurement: Events | { readonly errorRatio: DecimalInput }): number {
  checkOptions('burnRate', measurement, ['total', 'bad', 'errorRatio']);
  return readBurnRate(slo, measurement).toNumber();
}

/** What `timeToExhaustion` takes: a measurement, and how much of the budget is left. */
export type ExhaustionOptions = Measurement & {
  /** The share of the window's budget that is still there, as `budgetRemaining` returns it. Default 1. */
  readonly remaining?: DecimalInput;
  /** For a calendar window: an instant in the period that is meant, milliseconds since 1970. Default: a period of nominal length. */
  readonly atMs?: number;
};

/**
 * How long the budget lasts if the errors go on like this.
 *
 * Formula: remaining × window / burn rate. Source: Google, The Site Reliability Workbook, chapter 5, tables 5-4 and 5-5.
 *
 * @param slo - the objective
 * @param options - a measurement, `remaining` (default 1), and `atMs` for the true length of a calendar window
 * @returns seconds; `Infinity` when nothing burns, 0 when nothing is left
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling, timeToExhaustion } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(timeToExhaustion(slo, { burnRate: 2 }) / 86_400); // 15
 * ```
 */
export function timeToExhaustion(slo: Slo, options: ExhaustionOptions): number {
  checkOptions('timeToExhaustion', options, [...measurementOptions, 'remaining', 'atMs']);
  const rate = readBurnRate(slo, options);
  const remaining = readDecimal('remaining', options.remaining ?? 1);
  if (remaining.isNegative() || remaining.isZero()) return 0;
  if (rate.isZero()) return Number.POSITIVE_INFINITY;
  return remaining.times(periodSeconds(slo.window, options.atMs)).dividedBy(rate).toNumber();
}
