import { integer, nat } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import { readDuration } from './duration.ts';

describe('readDuration', () => {
  it.each([
    ['5m', 300],
    ['1h30m', 5_400],
    ['30d', 2_592_000],
    ['4w', 2_419_200],
    ['1w1d1h1m1s', 694_861],
    ['3660d', 316_224_000],
  ])('reads %s', (text, seconds) => {
    expect(readDuration('window', text)).toBe(seconds);
  });

  it.each(['', '0s', '30', '1.5h', '-1d', '1m1h', '1M', '1y', '5 m', '3661d', '999999999w', 3_600, null])('refuses %s', (text) => {
    expect(() => readDuration('window', text as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_DURATION', message: expect.stringMatching(/^window must be a duration from 1s to 3660d/) }),
    );
  });

  it(`is the sum of its parts (seed ${seed})`, () => {
    forAll([nat(100), nat(23), integer({ min: 1, max: 59 })], (days, hours, minutes) => {
      expect(readDuration('window', `${days}d${hours}h${minutes}m`)).toBe(days * 86_400 + hours * 3_600 + minutes * 60);
    });
  });
});
