import type { DecimalInput } from './decimal.ts';
import { betaQuantile, normalQuantile } from './distribution.ts';
import { SloError } from './errors.ts';
import { readEvents, type Events } from './measurement.ts';
import { checkOptions } from './options.ts';
import { readConfidence } from './policy.ts';
import { show } from './show.ts';

/** Between which values the true ratio of bad events lies, with the confidence asked for. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** What `wilson` and `clopperPearson` take. */
export interface IntervalOptions extends Events {
  /** Two-sided: `'95%'` leaves 2.5 % on each side. Default `'95%'`; at least 50 %, less than 100 %. */
  readonly confidence?: DecimalInput;
}

/**
 * Wilson's score interval of the ratio of bad events. Short and good on average, also for few events; PromQL can compute it, so the rules for
 * services with little traffic use its lower bound.
 *
 * Formula: (p + z²/2n ± z √((p(1 - p) + z²/4n)/n)) / (1 + z²/n). Source: Wilson, "Probable inference, the law of succession, and statistical
 * inference", 1927; GitLab's runbooks use it for SLO alerts.
 *
 * @param options - `total` and `bad` events; `confidence` (default 95 %)
 * @returns lower and upper bound, ratios; 0 to 1 when there was no event
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { wilson } from '@nines/slo';
 *
 * const { lower, upper } = wilson({ total: 10, bad: 1, confidence: '98%' });
 * console.log(lower.toFixed(4), upper.toFixed(4)); // 0.0139 0.4670
 * ```
 */
export function wilson(options: IntervalOptions): Interval {
  checkOptions('wilson', options, ['total', 'bad', 'confidence']);
  const { total, bad } = readCounts(options, 'fractions');
  if (total === 0) return Object.freeze({ lower: 0, upper: 1 });
  const z = normalQuantile((1 + confidenceOf(options)) / 2);
  const p = bad / total;
  const middle = p + (z * z) / (2 * total);
  const half = z * Math.sqrt((p * (1 - p) + (z * z) / (4 * total)) / total);
  const scale = 1 + (z * z) / total;
  // At the ends the bound is exactly the end; rounding would miss it by a hair.
  const lower = bad === 0 ? 0 : (middle - half) / scale;
  return Object.freeze({ lower, upper: bad === total ? 1 : (middle + half) / scale });
}

/**
 * The exact interval of Clopper and Pearson of the ratio of bad events: never less sure than asked for, so wider than Wilson's. For verdicts.
 *
 * Formula: the quantiles of beta distributions. Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case
 * of the binomial", 1934.
 *
 * @param options - `total` and `bad` events, whole numbers; `confidence` (default 95 %)
 * @returns lower and upper bound, ratios
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { clopperPearson } from '@nines/slo';
 *
 * const { lower, upper } = clopperPearson({ total: 10, bad: 1 });
 * console.log(lower.toFixed(4), upper.toFixed(4)); // 0.0025 0.4450
 * ```
 */
export function clopperPearson(options: IntervalOptions): Interval {
  checkOptions('clopperPearson', options, ['total', 'bad', 'confidence']);
  const { total, bad } = readCounts(options, 'whole');
  const tail = (1 - confidenceOf(options)) / 2;
  const lower = bad === 0 ? 0 : betaQuantile(tail, bad, total - bad + 1);
  return Object.freeze({ lower, upper: bad === total ? 1 : betaQuantile(1 - tail, bad + 1, total - bad) });
}

/** Counts as numbers; `whole` refuses fractions, which an exact test has no answer for. */
export function readCounts({ total, bad }: Events, kind: 'whole' | 'fractions'): { readonly total: number; readonly bad: number } {
  const read = readEvents({ total, bad });
  const counts = { total: read.total.toNumber(), bad: read.bad.toNumber() };
  if (kind === 'whole' && !(Number.isSafeInteger(counts.total) && Number.isSafeInteger(counts.bad))) {
    throw new SloError('INVALID_OPTION', `total and bad must be whole numbers, got ${show(total)} and ${show(bad)}`);
  }
  return counts;
}

function confidenceOf({ confidence }: IntervalOptions): number {
  return readConfidence(confidence ?? '95%').toNumber();
}
