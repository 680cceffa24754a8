import { readDecimal, readRatio, type DecimalInput } from './decimal.ts';
import { SloError } from './errors.ts';
import { readEvents, type Events } from './measurement.ts';
import { checkOptions } from './options.ts';
import { one, Rational, zero } from './rational.ts';
import { show } from './show.ts';

/** One slice of time with its events; `repeat` says how many such slices there were. */
export interface Slice extends Events {
  /** Default 1. */
  readonly repeat?: number;
}

/**
 * How a period's error ratio is made from its slices. `occurrences`: bad events / events, a busy slice counts more. `timeslices`: bad slices /
 * slices, each good or bad as a whole. `ratio-timeslices`: the mean of the slices' ratios.
 */
export type BudgetingMethod = 'occurrences' | 'timeslices' | 'ratio-timeslices';

/** What `periodErrorRatio` takes beside the slices. */
export interface BudgetingOptions {
  /** Default `occurrences`. */
  readonly method?: BudgetingMethod;
  /** With `timeslices`: the share of good events that makes a slice good. */
  readonly sliceTarget?: DecimalInput;
}

/**
 * The share of good events.
 *
 * @returns a ratio; 1 without events
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { goodRatio } from '@nines/slo';
 *
 * console.log(goodRatio({ total: 100, bad: 1 })); // 0.99
 * ```
 */
export function goodRatio(events: Events): number {
  checkOptions('goodRatio', events, ['total', 'bad']);
  return one.minus(readEvents(events).ratio).toNumber();
}

/**
 * Whether a slice of time is good: its share of good events is not below the slice's target. A slice without events is good.
 *
 * Source: OpenSLO v1, `budgetingMethod: Timeslices`, `timeSliceTarget`.
 *
 * @returns true at equality
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { isSliceGood } from '@nines/slo';
 *
 * console.log(isSliceGood({ total: 100, bad: 5 }, '95%'), isSliceGood({ total: 100, bad: 6 }, '95%')); // true false
 * ```
 */
export function isSliceGood(events: Events, sliceTarget: DecimalInput): boolean {
  const target = readRatio('sliceTarget', sliceTarget);
  return !one.minus(readEvents(events).ratio).isLessThan(target);
}

/**
 * The error ratio of a period from its slices. Averaging ratios (`ratio-timeslices`) lets a quiet night weigh as much as a busy day, which is
 * how recorded averages go wrong; `occurrences` weighs by events.
 *
 * Source: OpenSLO v1, budgeting methods.
 *
 * @param slices - the events of each slice of time
 * @param options - `method` (default `occurrences`), `sliceTarget`
 * @returns a ratio; 0 without events
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { periodErrorRatio } from '@nines/slo';
 *
 * const slices = [{ total: 999, bad: 0 }, { total: 1, bad: 1 }];
 * console.log(periodErrorRatio(slices), periodErrorRatio(slices, { method: 'ratio-timeslices' })); // 0.001 0.5
 * ```
 */
export function periodErrorRatio(slices: readonly Slice[], options: BudgetingOptions = {}): number {
  checkOptions('periodErrorRatio', options, ['method', 'sliceTarget']);
  const { bad, total } = sumSlices(slices, options);
  return total.isZero() ? 0 : bad.dividedBy(total).toNumber();
}

/** Exact sums, in events or in slices. */
export function sumSlices(slices: readonly Slice[], options: BudgetingOptions): { readonly bad: Rational; readonly total: Rational } {
  const weigh = weights[options.method ?? 'occurrences'];
  if (weigh === undefined) {
    throw new SloError('INVALID_OPTION', `method must be ${Object.keys(weights).join(', ')}, got ${show(options.method)}`);
  }
  let sum = { bad: zero, total: zero };
  for (const { repeat = 1, ...events } of slices) {
    checkOptions('a slice', events, ['total', 'bad']);
    if (!Number.isSafeInteger(repeat) || repeat < 1)
      throw new SloError('INVALID_OPTION', `repeat must be a whole number from 1, got ${show(repeat)}`);
    const slice = weigh(events, options);
    const times = new Rational(BigInt(repeat));
    sum = { bad: sum.bad.plus(slice.bad.times(times)), total: sum.total.plus(slice.total.times(times)) };
  }
  return sum;
}

type Weigh = (events: Events, options: BudgetingOptions) => { readonly bad: Rational; readonly total: Rational };

const weights: Readonly<Record<BudgetingMethod, Weigh>> = {
  occurrences: readEvents,
  timeslices: (events, { sliceTarget }) => {
    if (sliceTarget === undefined)
      throw new SloError('INVALID_OPTION', `sliceTarget must be given with timeslices, such as '95%', got undefined`);
    return { bad: isSliceGood(events, sliceTarget) ? zero : one, total: one };
  },
  'ratio-timeslices': (events) => ({ bad: readEvents(events).ratio, total: one }),
};

/** What `slicesToExhaustion` takes. */
export interface SliceExhaustionOptions {
  /** Slices in the whole period: a 14-day window of minutes has 20160. */
  readonly slices: number;
  /** The share of good events in ordinary slices. */
  readonly baselineRatio: DecimalInput;
  /** The share of good events in the slices of the outage; less than `baselineRatio`. */
  readonly outageRatio: DecimalInput;
  /** The objective, a ratio or text: `'95%'`. */
  readonly target: DecimalInput;
}

/**
 * How many slices of an outage use up the budget of a period that is judged by the mean ratio of its slices.
 *
 * Formula: slices × (baseline - target) / (baseline - outage). Source: OpenSLO, `examples/budgeting-method`.
 *
 * @returns a number of slices; 0 when ordinary slices already spend the budget, `Infinity` when the outage is no worse than they
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { slicesToExhaustion } from '@nines/slo';
 *
 * const minutes = slicesToExhaustion({ slices: 20_160, baselineRatio: '99%', outageRatio: '1%', target: '95%' });
 * console.log(minutes.toFixed(3)); // 822.857
 * ```
 */
export function slicesToExhaustion(options: SliceExhaustionOptions): number {
  checkOptions('slicesToExhaustion', options, ['slices', 'baselineRatio', 'outageRatio', 'target']);
  const baseline = readRatio('baselineRatio', options.baselineRatio);
  const slack = baseline.minus(readRatio('target', options.target));
  const harm = baseline.minus(readRatio('outageRatio', options.outageRatio));
  if (!zero.isLessThan(slack)) return 0;
  if (!zero.isLessThan(harm)) return Number.POSITIVE_INFINITY;
  return readDecimal('slices', options.slices).times(slack).dividedBy(harm).toNumber();
}
