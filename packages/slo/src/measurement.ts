import { readQuantity, readRatio, type DecimalInput } from './decimal.ts';
import { SloError } from './errors.ts';
import { budgetRatio, type Slo } from './objective.ts';
import { checkOptions } from './options.ts';
import { zero, type Rational } from './rational.ts';
import { show } from './show.ts';

/** Counted events. Fractions are allowed, because a rate multiplied by time is rarely whole. */
export interface Events {
  /** All events, at least `bad`. */
  readonly total: DecimalInput;
  /** Events that failed the objective. */
  readonly bad: DecimalInput;
}

/** How bad it is, said in one of three ways: counted events, the ratio of bad events (0-1), or the burn rate. */
export type Measurement = Events | { readonly errorRatio: DecimalInput } | { readonly burnRate: DecimalInput };

type Given = Partial<Record<'total' | 'bad' | 'errorRatio' | 'burnRate', DecimalInput>>;

export const measurementOptions: readonly string[] = ['total', 'bad', 'errorRatio', 'burnRate'];

/** The exact burn rate of a measurement: error ratio / error budget ratio. */
export function readBurnRate(slo: Pick<Slo, 'objective'>, measurement: Measurement): Rational {
  const given = readGiven(measurement);
  if (given.burnRate !== undefined) return readQuantity('burnRate', given.burnRate);
  const ratio = given.errorRatio === undefined ? readEvents(measurement as Events).ratio : readRatio('errorRatio', given.errorRatio);
  return ratio.dividedBy(budgetRatio(slo));
}

/** Exact counts and their ratio. Without any event nothing went wrong: the ratio is 0, never 0/0. */
export function readEvents(events: Events): { readonly total: Rational; readonly bad: Rational; readonly ratio: Rational } {
  const total = readQuantity('total', events.total);
  const bad = readQuantity('bad', events.bad);
  if (total.isLessThan(bad)) {
    throw new SloError('INVALID_OPTION', `bad must be from 0 to total (${show(events.total)}), got ${show(events.bad)}`);
  }
  return { total, bad, ratio: total.isZero() ? zero : bad.dividedBy(total) };
}

function readGiven(measurement: Measurement): Given {
  checkOptions('a measurement', measurement, [...measurementOptions, 'over', 'remaining', 'atMs']);
  const given: Given = measurement;
  const ways = [given.total ?? given.bad, given.errorRatio, given.burnRate].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw new SloError(
      'INVALID_OPTION',
      `a measurement is one of { total, bad }, { errorRatio } or { burnRate }, got ${ways.length} of them`,
    );
  }
  return given;
}
