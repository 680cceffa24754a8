import { readDecimal, type DecimalInput } from './decimal.ts';
import { SloError } from './errors.ts';
import { checkOptions, checkText } from './options.ts';
import { one, zero, type Rational } from './rational.ts';
import { show } from './show.ts';
import type { RatioSli } from './sli.ts';
import type { RollingWindow } from './window.ts';

/** What `defineSlo` takes. */
export interface SloOptions {
  /** What is promised, for example `availability`; 1 to 100 characters. */
  readonly name: string;
  /** Who promises it, for example `api`; 1 to 100 characters. */
  readonly service: string;
  /** The share of good events: `'99.9%'`, `'0.999'` or `0.999`. More than 0 and less than 1. */
  readonly objective: DecimalInput;
  /** Over which time it is judged: `rolling('30d')`. */
  readonly window: RollingWindow;
  /** Where the events are counted; not needed for the mathematics. */
  readonly sli?: RatioSli;
}

/** A service level objective: plain frozen data, safe to print, compare and send. */
export interface Slo {
  readonly name: string;
  readonly service: string;
  /** The objective as text, as it was given. Every calculation starts from this, so nothing is lost to rounding. */
  readonly objective: string;
  /** The objective as a ratio, for example 0.999. */
  readonly target: number;
  /** The error budget as a ratio: 1 - target, for example 0.001. */
  readonly budget: number;
  readonly window: RollingWindow;
  readonly sli?: RatioSli;
}

const longestName = 100;

/**
 * Defines an objective once, for the tests, rules and reports that speak of it.
 *
 * @returns a frozen `Slo`
 * @throws SloError `INVALID_OBJECTIVE`, `INVALID_NUMBER`, `INVALID_OPTION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 *
 * const availability = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(availability.target, availability.budget); // 0.999 0.001
 * ```
 */
export function defineSlo(options: SloOptions): Slo {
  checkOptions('defineSlo', options, ['name', 'service', 'objective', 'window', 'sli']);
  const objective = String(options.objective);
  const target = readObjective(options.objective);
  if (options.window?.type !== 'rolling') {
    throw new SloError('INVALID_OPTION', `window must come from rolling('30d'), got ${show(options.window)}`);
  }
  return Object.freeze({
    name: checkText('name', options.name, longestName),
    service: checkText('service', options.service, longestName),
    objective,
    target: target.toNumber(),
    budget: one.minus(target).toNumber(),
    window: options.window,
    ...(options.sli === undefined ? {} : { sli: options.sli }),
  });
}

/** The exact error budget ratio, 1 - target: the number that every formula divides by, so it is never zero. */
export function budgetRatio(slo: Pick<Slo, 'objective'>): Rational {
  return one.minus(readObjective(slo.objective));
}

function readObjective(input: DecimalInput): Rational {
  const target = readDecimal('objective', input);
  if (!zero.isLessThan(target) || !target.isLessThan(one)) {
    throw new SloError('INVALID_OBJECTIVE', `objective must be more than 0% and less than 100%, such as '99.9%', got ${show(input)}`);
  }
  return target;
}
