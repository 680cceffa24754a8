import type { DecimalInput } from '../decimal.ts';
import { readQuantity } from '../decimal.ts';
import { SloError } from '../errors.ts';
import { budgetRatio, type Slo } from '../objective.ts';
import { checkOptions } from '../options.ts';
import { one } from '../rational.ts';
import { readSamples, type Samples } from '../samples.ts';
import { show } from '../show.ts';
import { verdict, type Verdict, type VerdictMethod } from '../verdict.ts';

/** How sure a pass must be. */
export interface SampleTestOptions {
  /** One-sided: a pass is wrong at most once in so many runs. Default `'95%'`. */
  readonly confidence?: DecimalInput;
  /** `exact` (default): looked at once, at the end of the run. `sequential`: looked at again and again while it runs. */
  readonly method?: VerdictMethod;
}

/** A verdict with its sentence. */
export interface Judgement extends Verdict {
  /** What was found, as a sentence. */
  readonly message: string;
}

/** What samples say about an objective, in words too. */
export function judgeSamples(slo: Slo, samples: Samples, options: SampleTestOptions = {}): Judgement {
  return judge(slo, samples, options, `${slo.service} ${slo.name} of ${slo.objective}`);
}

/** What samples say about a burn rate: the objective whose whole budget is burnt at that rate. */
export function judgeBurnRate(slo: Slo, samples: Samples, burnRate: DecimalInput, options: SampleTestOptions = {}): Judgement {
  const budget = readQuantity('burnRate', burnRate).times(budgetRatio(slo));
  if (budget.isZero() || !budget.isLessThan(one)) {
    throw new SloError(
      'INVALID_OPTION',
      `burnRate must be more than 0 and less than ${1 / slo.budget} for ${slo.objective}, got ${show(burnRate)}`,
    );
  }
  const objective = one.minus(budget);
  const equal = { ...slo, objective: String(objective.toNumber()), target: objective.toNumber(), budget: budget.toNumber() };
  return judge(equal, samples, options, `a burn rate below ${String(burnRate)} of ${slo.service} ${slo.name} (${slo.objective})`);
}

function judge(slo: Slo, samples: Samples, options: SampleTestOptions, what: string): Judgement {
  checkOptions('options', options, ['confidence', 'method']);
  const counts = readSamples(samples);
  const found = verdict(slo, { ...counts, ...options });
  const seen = `${counts.bad} of ${counts.total} samples are bad (${percent(found.errorRatio)}; ${percent(slo.budget)} are allowed)`;
  const sure = `with ${typeof options.confidence === 'number' ? percent(options.confidence) : (options.confidence ?? '95%')} confidence`;
  const messages = {
    pass: `${what}: met ${sure}, ${seen}`,
    fail: `${what}: missed ${sure}, ${seen}`,
    inconclusive: `${what}: inconclusive, ${seen}; ${found.samplesNeeded} more good samples would show ${sure} that it is met`,
  };
  return Object.freeze({ ...found, message: messages[found.outcome] });
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(4))} %`;
}
