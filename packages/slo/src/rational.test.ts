import { bigInt, maxSafeInteger, pre } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { Rational } from './rational.ts';

describe('Rational', () => {
  it('keeps the sign in the numerator and the fraction in lowest terms', () => {
    expect(new Rational(6n, -8n)).toMatchObject({ numerator: -3n, denominator: 4n });
    expect(new Rational(0n, 5n)).toMatchObject({ numerator: 0n, denominator: 1n });
  });

  it('rounds to the nearest double, ties to even', () => {
    const tie = 2n ** 53n + 1n;
    expect(new Rational(tie).toNumber()).toBe(2 ** 53);
    expect(new Rational(tie * 3n + 1n, 3n).toNumber()).toBe(2 ** 53 + 2);
    expect(new Rational(-1n, 3n).toNumber()).toBe(-1 / 3);
  });

  it(`divides whole numbers as IEEE 754 does, which rounds correctly (seed ${seed})`, () => {
    forAll([maxSafeInteger(), maxSafeInteger()], (a, b) => {
      pre(b !== 0);
      // Zero has no sign here: -0 and 0 are one number.
      expect(new Rational(BigInt(a), BigInt(b)).toNumber()).toBe(a / b + 0);
    });
  });

  it(`undoes what it did (seed ${seed})`, () => {
    forAll([bigInt(), bigInt({ min: 1n }), bigInt({ min: 1n })], (a, b, c) => {
      const value = new Rational(a, b);
      const other = new Rational(c, b + c);
      expect(value.plus(other).minus(other)).toEqual(value);
      expect(value.times(other).dividedBy(other)).toEqual(value);
      expect(value.isLessThan(value.plus(other))).toBe(true);
    });
  });
});
