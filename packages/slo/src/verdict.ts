import type { DecimalInput } from './decimal.ts';
import { betaAbove, betaBelow, binomialAtLeast, binomialAtMost, logBeta } from './distribution.ts';
import { SloError } from './errors.ts';
import { readCounts } from './interval.ts';
import type { Events } from './measurement.ts';
import type { Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { readConfidence } from './policy.ts';
import { show } from './show.ts';

/** `exact`: look once, at the end. `sequential`: look as often as you like, and stop when it is decided. */
export type VerdictMethod = 'exact' | 'sequential';

/** What `minimumSamples` takes. */
export interface SampleSizeOptions {
  /** One-sided: how sure a pass must be. Default `'95%'`. */
  readonly confidence?: DecimalInput;
  /** Bad events among them. Default 0. */
  readonly bad?: number;
  /** Default `exact`. */
  readonly method?: VerdictMethod;
}

/** What `verdict` takes. */
export interface VerdictOptions extends Events {
  /** One-sided: how sure a pass, and a fail, must be. Default `'95%'`. */
  readonly confidence?: DecimalInput;
  /** Default `exact`. */
  readonly method?: VerdictMethod;
}

/** What the samples say about an objective. */
export interface Verdict {
  /** `pass`: it is met; `fail`: it is missed; each with the confidence asked for. `inconclusive`: there are too few samples to say. */
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  /** How many more samples, all good, would make it a pass; 0 when it is one. */
  readonly samplesNeeded: number;
  /** Bad events / all events, 0 without events. */
  readonly errorRatio: number;
}

type Decide = (bad: number, total: number, budget: number, error: number) => boolean;

/** Whether the samples show that fewer are bad than the budget allows: as few would be seen with probability `error` at most. */
const passes: Readonly<Record<VerdictMethod, Decide>> = {
  exact: (bad, total, budget, error) => binomialAtMost(bad, total, budget) <= error,
  sequential: (bad, total, budget, error) => {
    const below = betaBelow(budget, bad + 1, total - bad + 1);
    return logEvidence(bad, total, budget) + Math.log(below / budget) >= -Math.log(error);
  },
};

/** Whether they show that more are bad. */
const fails: Readonly<Record<VerdictMethod, Decide>> = {
  exact: (bad, total, budget, error) => binomialAtLeast(bad, total, budget) <= error,
  sequential: (bad, total, budget, error) => {
    const above = betaAbove(budget, bad + 1, total - bad + 1);
    return logEvidence(bad, total, budget) + Math.log(above / (1 - budget)) >= -Math.log(error);
  },
};

/**
 * How many samples a pass needs at least when `bad` of them are bad: fewer cannot show that the objective is met.
 *
 * Formula (`exact`, no bad event): the smallest n with targetⁿ ≤ 1 - confidence, the one-sided exact binomial test.
 *
 * @param slo - the objective
 * @param options - `confidence` (default 95 %), `bad` (default 0), `method` (default `exact`)
 * @returns a number of samples
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, minimumSamples, rolling } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(minimumSamples(slo), minimumSamples(slo, { bad: 1 })); // 2995 4742
 * ```
 */
export function minimumSamples(slo: Slo, options: SampleSizeOptions = {}): number {
  checkOptions('minimumSamples', options, ['confidence', 'bad', 'method']);
  const { bad } = readCounts({ total: options.bad ?? 0, bad: options.bad ?? 0 }, 'whole');
  const decide = passes[methodOf(options.method)];
  const error = errorOf(options.confidence);
  const enough = (total: number): boolean => decide(bad, total, slo.budget, error);
  let high = Math.max(bad, 1);
  while (!enough(high)) high *= 2;
  let low = bad - 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * What samples say about an objective: met, missed, or not enough to tell.
 *
 * `exact` is the one-sided exact binomial test against the budget, right at most once for one look at the end of a run. Who looks after each
 * batch and stops at the first pass is wrong more often than agreed; `sequential` stays right however often one looks, and needs about half as many samples again.
 *
 * Source of `sequential`: Ville's inequality for the likelihood ratio of a mixture of alternatives (Robbins, "Statistical methods related to
 * the law of the iterated logarithm", 1970): the evidence of a true objective reaches 1/(1 - confidence) with probability 1 - confidence at most, ever.
 *
 * @param slo - the objective
 * @param options - `total` and `bad` samples, whole numbers; `confidence` (default 95 %), `method` (default `exact`)
 * @returns the outcome, and the samples still needed
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling, verdict } from '@nines/slo';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('30d') });
 * console.log(verdict(slo, { total: 100, bad: 0 })); // { outcome: 'inconclusive', samplesNeeded: 199, errorRatio: 0 }
 * console.log(verdict(slo, { total: 1_000, bad: 4 }).outcome, verdict(slo, { total: 1_000, bad: 16 }).outcome); // pass fail
 * ```
 */
export function verdict(slo: Slo, options: VerdictOptions): Verdict {
  checkOptions('verdict', options, ['total', 'bad', 'confidence', 'method']);
  const { total, bad } = readCounts(options, 'whole');
  const method = methodOf(options.method);
  const error = errorOf(options.confidence);
  const errorRatio = total === 0 ? 0 : bad / total;
  if (total > 0 && passes[method](bad, total, slo.budget, error)) return Object.freeze({ outcome: 'pass', samplesNeeded: 0, errorRatio });
  const failed = total > 0 && fails[method](bad, total, slo.budget, error);
  const samplesNeeded = minimumSamples(slo, { bad, method, confidence: options.confidence ?? '95%' }) - total;
  return Object.freeze({ outcome: failed ? 'fail' : 'inconclusive', samplesNeeded, errorRatio });
}

/** Logarithm of B(bad + 1, good + 1) / (budget^bad × (1 - budget)^good): every ratio weighed alike, against the budget. */
function logEvidence(bad: number, total: number, budget: number): number {
  return logBeta(bad + 1, total - bad + 1) - bad * Math.log(budget) - (total - bad) * Math.log1p(-budget);
}

function methodOf(method: VerdictMethod = 'exact'): VerdictMethod {
  if (!Object.hasOwn(passes, method)) throw new SloError('INVALID_OPTION', `method must be exact or sequential, got ${show(method)}`);
  return method;
}

/** How often a pass may be wrong: 1 - confidence. */
function errorOf(confidence: DecimalInput | undefined): number {
  return 1 - readConfidence(confidence ?? '95%').toNumber();
}
