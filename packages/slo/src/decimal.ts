import { SloError } from './errors.ts';
import { one, Rational } from './rational.ts';
import { show } from './show.ts';

/**
 * A decimal value: text such as `'0.999'` or `'99.9%'`, or a number.
 * A number counts as the decimal that JavaScript prints for it, so `0.999` is exactly 999/1000.
 */
export type DecimalInput = number | string;

const pattern = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?(%?)$/;
const longestText = 60;
// Wide enough for every count, ratio and duration; narrow enough that no result overflows a double.
const widestExponent = 40;

/** Reads a decimal without rounding. `name` is the option that the message speaks of. */
export function readDecimal(name: string, input: DecimalInput): Rational {
  const text = typeof input === 'number' ? String(input) : input;
  const match = typeof text === 'string' && text.length <= longestText ? pattern.exec(text) : null;
  if (match === null) throw notDecimal(name, input);
  const [, sign = '', whole = '', fraction = '', exponentText = '0', percent = ''] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > widestExponent) throw notDecimal(name, input);
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const places = fraction.length + (percent === '%' ? 2 : 0) - exponent;
  return places > 0 ? new Rational(digits, 10n ** BigInt(places)) : new Rational(digits * 10n ** BigInt(-places));
}

/** As `readDecimal`, and refuses what is below zero. */
export function readQuantity(name: string, input: DecimalInput): Rational {
  const value = readDecimal(name, input);
  if (value.isNegative()) throw new SloError('INVALID_OPTION', `${name} must be at least 0, got ${show(input)}`);
  return value;
}

/** As `readDecimal`, and refuses what is not from 0 to 1. */
export function readRatio(name: string, input: DecimalInput): Rational {
  const ratio = readQuantity(name, input);
  if (one.isLessThan(ratio)) throw new SloError('INVALID_OPTION', `${name} must be from 0 to 1, got ${show(input)}`);
  return ratio;
}

function notDecimal(name: string, input: unknown): SloError {
  const allowed = `a decimal of at most ${longestText} characters, such as 0.999 or '99.9%', with an exponent within ±${widestExponent}`;
  return new SloError('INVALID_NUMBER', `${name} must be ${allowed}, got ${show(input)}`);
}
