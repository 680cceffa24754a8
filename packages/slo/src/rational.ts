/**
 * An exact fraction. Every sum in this package is made with these and rounded once, at the end,
 * because 1 - 0.999 in floating point is 0.0010000000000000009, and an alert that compares with it fires at the wrong value.
 */
export class Rational {
  readonly numerator: bigint;
  /** Always positive, and without a common divisor with the numerator. */
  readonly denominator: bigint;

  constructor(numerator: bigint, denominator: bigint = 1n) {
    const sign = denominator < 0n ? -1n : 1n;
    const divisor = greatestCommonDivisor(numerator, denominator);
    this.numerator = (sign * numerator) / divisor;
    this.denominator = (sign * denominator) / divisor;
  }

  plus(other: Rational): Rational {
    return new Rational(this.numerator * other.denominator + other.numerator * this.denominator, this.denominator * other.denominator);
  }

  minus(other: Rational): Rational {
    return new Rational(this.numerator * other.denominator - other.numerator * this.denominator, this.denominator * other.denominator);
  }

  times(other: Rational): Rational {
    return new Rational(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  /** The caller makes sure that `other` is not zero. */
  dividedBy(other: Rational): Rational {
    return new Rational(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  isZero(): boolean {
    return this.numerator === 0n;
  }

  isNegative(): boolean {
    return this.numerator < 0n;
  }

  isLessThan(other: Rational): boolean {
    return this.numerator * other.denominator < other.numerator * this.denominator;
  }

  /** The nearest double, ties to even: the one rounding of a calculation. */
  toNumber(): number {
    const magnitude = this.isNegative() ? -this.numerator : this.numerator;
    // 64 bits of quotient are 11 more than a double holds, so the last one can record that something was left over.
    const shift = 64 - bitLength(magnitude) + bitLength(this.denominator);
    const dividend = shift > 0 ? magnitude << BigInt(shift) : magnitude;
    const divisor = shift > 0 ? this.denominator : this.denominator << BigInt(-shift);
    const sticky = dividend % divisor === 0n ? 0n : 1n;
    const rounded = Number((dividend / divisor) | sticky) * 2 ** -shift;
    return this.isNegative() ? -rounded : rounded;
  }
}

export const zero: Rational = new Rational(0n);
export const one: Rational = new Rational(1n);

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let a = left < 0n ? -left : left;
  let b = right < 0n ? -right : right;
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
