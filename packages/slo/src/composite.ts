import { readQuantity, type DecimalInput } from './decimal.ts';
import { SloError } from './errors.ts';
import type { Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { one, zero, type Rational } from './rational.ts';
import { show } from './show.ts';
import { isSliceGood, sumSlices, type Slice } from './slices.ts';

/** One part of a composite: an objective, what was measured for it, and how much it counts. */
export interface CompositePart {
  readonly slo: Slo;
  /** The events of each slice of time, oldest first; all parts have slices of the same times. */
  readonly slices: readonly Omit<Slice, 'repeat'>[];
  /** With `occurrences`: how much an event of this part counts. Default 1. */
  readonly weight?: DecimalInput;
}

/** What a composite counts: events with `occurrences`, slices with `timeslices`. Hand it to `errorBudget`, `burnRate` and the like. */
export interface CompositeEvents {
  readonly total: number;
  readonly bad: number;
}

/**
 * Several objectives as one, for a user's journey that needs them all.
 *
 * `occurrences` pools the events: bad ones of every part / all of every part, each times the part's weight. `timeslices` asks whether the whole
 * journey worked: a slice is good when every part met its own target in it. The first hides a broken part with few events; the second does not.
 *
 * @param parts - 2 to 100 parts
 * @param options - `method`
 * @returns counts of the composite, to judge against an objective of its own
 * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { composite, defineSlo, rolling } from '@nines/slo';
 *
 * const api = defineSlo({ name: 'api', service: 'shop', objective: '99%', window: rolling('30d') });
 * const payment = defineSlo({ name: 'payment', service: 'shop', objective: '99%', window: rolling('30d') });
 * const parts = [
 *   { slo: api, slices: [{ total: 990, bad: 0 }, { total: 990, bad: 0 }] },
 *   { slo: payment, slices: [{ total: 10, bad: 0 }, { total: 10, bad: 5 }] },
 * ];
 * console.log(composite(parts, { method: 'occurrences' }), composite(parts, { method: 'timeslices' })); // { total: 2000, bad: 5 } { total: 2, bad: 1 }
 * ```
 */
export function composite(parts: readonly CompositePart[], options: { readonly method: 'occurrences' | 'timeslices' }): CompositeEvents {
  checkOptions('composite', options, ['method']);
  if (!Array.isArray(parts) || parts.length < 2 || parts.length > 100) {
    throw new SloError('INVALID_OPTION', `composite takes 2 to 100 parts, got ${show(parts)}`);
  }
  for (const part of parts) checkOptions('a part of composite', part, ['slo', 'slices', 'weight']);
  if (options.method === 'occurrences') return pool(parts);
  if (options.method === 'timeslices') return together(parts);
  throw new SloError('INVALID_OPTION', `method must be occurrences or timeslices, got ${show(options.method)}`);
}

function pool(parts: readonly CompositePart[]): CompositeEvents {
  let [total, bad]: [Rational, Rational] = [zero, zero];
  for (const { slices, weight = 1 } of parts) {
    const factor = readQuantity('weight', weight);
    const sum = sumSlices(slices, { method: 'occurrences' });
    total = total.plus(sum.total.times(factor));
    bad = bad.plus(sum.bad.times(factor));
  }
  return Object.freeze({ total: total.toNumber(), bad: bad.toNumber() });
}

function together(parts: readonly CompositePart[]): CompositeEvents {
  const length = parts[0]?.slices.length ?? 0;
  const other = parts.find(({ slices }) => slices.length !== length);
  if (other !== undefined) {
    throw new SloError(
      'INVALID_OPTION',
      `all parts must have slices of the same times: ${show(other.slo.name)} has ${other.slices.length}, not ${length}`,
    );
  }
  if (parts.some(({ weight }) => weight !== undefined)) {
    throw new SloError('INVALID_OPTION', 'weight has no meaning with timeslices: a slice is good or bad as a whole');
  }
  let bad = zero;
  for (let at = 0; at < length; at += 1) {
    const good = parts.every(({ slo, slices }) => isSliceGood(slices[at] ?? { total: 0, bad: 0 }, slo.objective));
    if (!good) bad = bad.plus(one);
  }
  return Object.freeze({ total: length, bad: bad.toNumber() });
}
