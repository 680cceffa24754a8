import type { DecimalInput } from './decimal.ts';
import { SloError } from './errors.ts';
import { readEvents, type Events } from './measurement.ts';
import { checkOptions } from './options.ts';
import { show } from './show.ts';

/** Counted events, said in the way the load generator says it, or each one: `true` is good. */
export type Samples =
  | Events
  | { readonly good: DecimalInput; readonly bad: DecimalInput }
  | { readonly good: DecimalInput; readonly total: DecimalInput }
  | Iterable<boolean>;

/** Whole numbers of events. */
export interface Counts {
  readonly total: number;
  readonly bad: number;
}

const mostSamples = 1e12;

/** Counts samples, whichever way they are given. */
export function readSamples(samples: Samples): Counts {
  if (typeof samples === 'object' && samples !== null && Symbol.iterator in samples) return countEach(samples);
  checkOptions('samples', samples, ['total', 'bad', 'good']);
  const given: { readonly total?: DecimalInput; readonly bad?: DecimalInput; readonly good?: DecimalInput } = samples;
  if ([given.total, given.bad, given.good].filter((one) => one !== undefined).length !== 2) {
    throw new SloError('INVALID_OPTION', `samples are { total, bad }, { good, bad }, { good, total } or booleans, got ${show(samples)}`);
  }
  const bad = given.bad === undefined ? whole('total', given.total ?? 0) - whole('good', given.good ?? 0) : whole('bad', given.bad);
  const total = given.total === undefined ? whole('good', given.good ?? 0) + bad : whole('total', given.total);
  if (bad < 0 || bad > total) throw new SloError('INVALID_OPTION', `bad must be from 0 to total (${total}), got ${bad}`);
  return { total, bad };
}

function countEach(samples: Iterable<boolean>): Counts {
  let total = 0;
  let bad = 0;
  for (const sample of samples) {
    if (typeof sample !== 'boolean')
      throw new SloError('INVALID_OPTION', `each sample must be true (good) or false (bad), got ${show(sample)}`);
    total++;
    if (!sample) bad++;
  }
  return { total, bad };
}

function whole(name: string, input: DecimalInput): number {
  const value = readEvents({ total: input, bad: 0 }).total.toNumber();
  if (!Number.isInteger(value) || value > mostSamples) {
    throw new SloError('INVALID_OPTION', `${name} must be a whole number from 0 to 1e12, got ${show(input)}`);
  }
  return value;
}
