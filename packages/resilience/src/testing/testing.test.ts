import { describe, expect, test } from 'vitest';
import { flaky, seededRandom } from '@nines/resilience/testing';

describe('seededRandom', () => {
  test('gives the published sequence of mulberry32 for the seed 1', () => {
    const random = seededRandom(1);
    // The reference C code: state += 0x6D2B79F5; z = (z ^ z>>15) * (z|1); z ^= z + (z ^ z>>7) * (z|61); z ^ z>>14.
    const reference = (seed: number): number => {
      let z = BigInt.asUintN(32, BigInt(seed) + 0x6d2b79f5n);
      z = BigInt.asUintN(32, (z ^ (z >> 15n)) * (z | 1n));
      z ^= BigInt.asUintN(32, z + BigInt.asUintN(32, (z ^ (z >> 7n)) * (z | 61n)));
      return Number(z ^ (z >> 14n)) / 2 ** 32;
    };
    expect(random()).toBe(reference(1));
    expect(seededRandom(4_000_000_000)()).toBe(reference(4_000_000_000));
  });

  test('stays in 0 up to 1, is even, and differs between seeds', () => {
    const random = seededRandom(7);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const at = Math.floor(random() * 10);
      tenths[at] = (tenths[at] ?? Number.NaN) + 1;
    }
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    expect(seededRandom(7)()).not.toBe(seededRandom(8)());
  });

  test.each([-1, 1.5, 2 ** 32])('refuses the seed %s', (seed) => {
    expect(() => seededRandom(seed)).toThrow('seed must be a whole number from 0 to 4294967295');
  });
});

describe('flaky', () => {
  test('fails as often as told, then answers', async () => {
    const call = flaky(2, 'up');
    await expect(call()).rejects.toThrow('call 1 failed on purpose');
    await expect(call()).rejects.toThrow('call 2 failed on purpose');
    expect([await call(), await call(), call.calls]).toEqual(['up', 'up', 4]);
  });

  test('fails for ever, with errors of any kind', async () => {
    const call = flaky(Number.POSITIVE_INFINITY, undefined, (number) => `no ${number}`);
    await expect(call()).rejects.toBe('no 1');
    await expect(call()).rejects.toBe('no 2');
  });

  test.each([-1, 0.5, Number.NaN])('refuses %s failures', (failures) => {
    expect(() => flaky(failures)).toThrow('failures must be a whole number');
  });
});
