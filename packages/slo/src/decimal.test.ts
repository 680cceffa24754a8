import { double } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { readDecimal, readQuantity } from './decimal.ts';

describe('readDecimal', () => {
  it.each([
    ['0.999', 999n, 1000n],
    ['99.9%', 999n, 1000n],
    ['1e-3', 1n, 1000n],
    ['1.5e+2', 150n, 1n],
    ['-0.25', -1n, 4n],
    [0.1, 1n, 10n],
    [1e21, 10n ** 21n, 1n],
  ])('reads %s as a fraction, without rounding', (input, numerator, denominator) => {
    expect(readDecimal('value', input)).toMatchObject({ numerator, denominator });
  });

  it.each(['', ' ', '.5', '5.', '1,5', '0x10', '1e41', '1 %', 'NaN', '9'.repeat(61), Number.NaN, Number.POSITIVE_INFINITY, null, {}, 5n])(
    'refuses %s and names the option',
    (input) => {
      expect(() => readDecimal('value', input as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_NUMBER', message: expect.stringMatching(/^value must be a decimal/) }),
      );
    },
  );

  it('cuts a long refused value in the message', () => {
    expect(() => readDecimal('value', 'x'.repeat(10_000))).toThrow(/^.{1,250}$/);
  });

  it(`gives back every double of ordinary size that it was given (seed ${seed})`, () => {
    forAll([double({ min: 1e-30, max: 1e30, noNaN: true })], (value) => {
      expect(readDecimal('value', value).toNumber()).toBe(value);
    });
  });
});

describe('readQuantity', () => {
  it('takes zero and refuses what is below it', () => {
    expect(readQuantity('total', 0).isZero()).toBe(true);
    expect(() => readQuantity('total', -1)).toThrow('total must be at least 0, got -1');
  });
});
