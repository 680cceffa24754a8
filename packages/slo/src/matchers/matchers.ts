import type { DecimalInput } from '../decimal.ts';
import type { Duration } from '../duration.ts';
import type { Slo } from '../objective.ts';
import type { Samples } from '../samples.ts';
import { judgeBurnRate, judgeSamples, type Judgement, type SampleTestOptions } from './judge.ts';
import { pagesNever, pagesWithin, type Pageable, type PagingFinding } from './paging.ts';

/** What a matcher tells vitest or jest. */
export interface MatcherResult {
  readonly pass: boolean;
  /** What was found, as a sentence; it is shown when the assertion fails. */
  readonly message: () => string;
}

/** What vitest and jest call a matcher with. */
export interface MatcherContext {
  /** True behind `.not`. */
  readonly isNot?: boolean | undefined;
}

/** The matchers as `expect(…)` has them once they are installed; `R` is what an assertion returns. */
export interface SloMatchers<R = unknown> {
  /** The samples show, with confidence, that the objective is met. Behind `.not`: that it is missed. Too few samples fail both. */
  toMeetSlo(slo: Slo, options?: SampleTestOptions): R;
  /** The samples show, with confidence, that the error budget burns slower than `burnRate`. Behind `.not`: that it burns faster. */
  toBurnBudgetSlowerThan(slo: Slo, burnRate: DecimalInput, options?: SampleTestOptions): R;
  /** An outage, some, or a simulation of them: the objective's policy pages within this time of the first outage's start. */
  toPageWithin(slo: Slo, within: Duration): R;
  /** An outage, some, or a simulation or backtest: the objective's policy does not page. */
  toNotPage(slo: Slo): R;
}

/** Plain functions in the form that `expect.extend` takes: a type and no interface, because it must fit a record. */
export type SloMatcherFunctions = {
  /** See `SloMatchers`. */
  toMeetSlo(this: MatcherContext, samples: Samples, slo: Slo, options?: SampleTestOptions): MatcherResult;
  /** See `SloMatchers`. */
  toBurnBudgetSlowerThan(
    this: MatcherContext,
    samples: Samples,
    slo: Slo,
    burnRate: DecimalInput,
    options?: SampleTestOptions,
  ): MatcherResult;
  /** See `SloMatchers`. */
  toPageWithin(this: MatcherContext, subject: Pageable, slo: Slo, within: Duration): MatcherResult;
  /** See `SloMatchers`. */
  toNotPage(this: MatcherContext, subject: Pageable, slo: Slo): MatcherResult;
};

/**
 * Matchers for `expect.extend` of vitest and jest. Types come from `@nines/slo/matchers/vitest` and `@nines/slo/matchers/jest`.
 *
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 * import { sloMatchers } from '@nines/slo/matchers';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('30d') });
 * // In a test file: expect.extend(sloMatchers), then expect({ total: 1_000, bad: 2 }).toMeetSlo(slo)
 * console.log(sloMatchers.toMeetSlo.call({}, { total: 1_000, bad: 2 }, slo).pass); // true
 * ```
 */
export const sloMatchers: SloMatcherFunctions = Object.freeze({
  toMeetSlo(this: MatcherContext, samples: Samples, slo: Slo, options?: SampleTestOptions): MatcherResult {
    return ofJudgement(this, judgeSamples(slo, samples, options));
  },
  toBurnBudgetSlowerThan(
    this: MatcherContext,
    samples: Samples,
    slo: Slo,
    burnRate: DecimalInput,
    options?: SampleTestOptions,
  ): MatcherResult {
    return ofJudgement(this, judgeBurnRate(slo, samples, burnRate, options));
  },
  toPageWithin(this: MatcherContext, subject: Pageable, slo: Slo, within: Duration): MatcherResult {
    return ofFinding(pagesWithin(subject, slo, within));
  },
  toNotPage(this: MatcherContext, subject: Pageable, slo: Slo): MatcherResult {
    return ofFinding(pagesNever(subject, slo));
  },
});

/** An open question is no pass, and behind `.not` no pass either: there `pass` must be true for the assertion to fail. */
function ofJudgement(context: MatcherContext | undefined, { outcome, message }: Judgement): MatcherResult {
  const pass = outcome === 'inconclusive' ? context?.isNot === true : outcome === 'pass';
  return { pass, message: () => message };
}

function ofFinding({ holds, message }: PagingFinding): MatcherResult {
  return { pass: holds, message: () => message };
}
