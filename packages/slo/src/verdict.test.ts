import { integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forAll, seed } from '../test/property.ts';
import {
  alertFires,
  clopperPearson,
  composite,
  defineSlo,
  minimumSamples,
  periodErrorRatio,
  rolling,
  slicesToExhaustion,
  verdict,
  wilson,
} from '@nines/slo';
import { randomFrom } from '../../../tools/soak/slo/rule-cases.ts';

const slo = (objective: string) => defineSlo({ name: 'a', service: 'b', objective, window: rolling('30d') });

describe('verdict', () => {
  it(`never passes below the minimal sample, and passes from it on (seed ${seed})`, () => {
    forAll([integer({ min: 5_000, max: 9_990 }), integer({ min: 0, max: 8 })], (parts, bad) => {
      const one = slo(`${parts / 100}%`);
      for (const method of ['exact', 'sequential'] as const) {
        const needed = minimumSamples(one, { bad, method });
        expect(verdict(one, { total: needed, bad, method }).outcome).toBe('pass');
        expect(verdict(one, { total: needed - 1, bad: Math.min(bad, needed - 1), method })).toMatchObject({
          outcome: expect.not.stringMatching('pass') as string,
          samplesNeeded: 1,
        });
      }
    });
  });

  const wrongPasses = (method: 'exact' | 'sequential', looks: readonly number[]): number => {
    const [one, random] = [slo('95%'), randomFrom(seed)];
    let wrong = 0;
    const runs = 600;
    for (let run = 0; run < runs; run += 1) {
      let [total, bad, passed] = [0, 0, false];
      for (const look of looks) {
        for (; total < look; total += 1) if (random() < 0.05) bad += 1;
        passed ||= verdict(one, { total, bad, method }).outcome === 'pass';
      }
      if (passed) wrong += 1;
    }
    return wrong / runs;
  };
  // At the boundary a pass is wrong. 600 runs: 5 % and three standard deviations.
  const limit = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 600);

  it(`is wrong at most as often as agreed when it looks once (seed ${seed})`, () => {
    expect(wrongPasses('exact', [200])).toBeLessThan(limit);
  });

  it(`stays so with the sequential method however often it looks, and not with the exact one (seed ${seed})`, () => {
    const looks = Array.from({ length: 15 }, (_, index) => 60 + 40 * index);
    expect(wrongPasses('sequential', looks)).toBeLessThan(limit);
    expect(wrongPasses('exact', looks)).toBeGreaterThan(limit);
  });

  it.each<[object, string]>([
    [{ total: 1, bad: 0.5 }, 'total and bad must be whole numbers'],
    [{ total: 1, bad: 0, method: 'hunch' }, 'method must be exact or sequential, got "hunch"'],
    [{ total: 1, bad: 0, confidence: 1 }, 'confidence must be at least 50% and less than 100%'],
    [{ total: 1, bad: 2 }, 'bad must be from 0 to total (1), got 2'],
  ])('refuses %j', (options, message) => {
    expect(() => verdict(slo('99%'), options as never)).toThrow(message);
  });
});

describe('intervals', () => {
  it(`hold the measured ratio, and Clopper and Pearson's is no shorter where it is exact (seed ${seed})`, () => {
    forAll([integer({ min: 1, max: 5_000 }), integer({ min: 0, max: 5_000 })], (total, some) => {
      const bad = Math.min(total, some);
      for (const { lower, upper } of [wilson({ total, bad }), clopperPearson({ total, bad })]) {
        expect(lower).toBeLessThanOrEqual(bad / total);
        expect(upper).toBeGreaterThanOrEqual(bad / total);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeLessThanOrEqual(1);
      }
    });
  });

  it('know nothing without events', () => {
    expect([wilson({ total: 0, bad: 0 }), clopperPearson({ total: 0, bad: 0 })]).toEqual([
      { lower: 0, upper: 1 },
      { lower: 0, upper: 1 },
    ]);
  });
});

describe('alertFires', () => {
  it('needs counts for a confidence, and a known interval', () => {
    expect(() => alertFires(slo('99%'), { errorRatio: 0.5, factor: 1, confidence: '95%' })).toThrow('confidence needs total and bad');
    expect(() => alertFires(slo('99%'), { total: 1, bad: 1, factor: 1, confidence: '95%', interval: 'wald' as never })).toThrow(
      'interval must be wilson or clopper-pearson',
    );
  });
});

describe('slices and composites', () => {
  const slices = [
    { total: 90, bad: 0 },
    { total: 10, bad: 10 },
  ];

  it('weigh by events, by slices, or by ratios', () => {
    expect(periodErrorRatio(slices)).toBe(0.1);
    expect(periodErrorRatio(slices, { method: 'timeslices', sliceTarget: '95%' })).toBe(0.5);
    expect(
      periodErrorRatio(
        [
          { total: 10, bad: 5, repeat: 3 },
          { total: 10, bad: 1 },
        ],
        { method: 'ratio-timeslices' },
      ),
    ).toBe(0.4);
    expect(periodErrorRatio([])).toBe(0);
  });

  it('refuse what has no answer', () => {
    expect(() => periodErrorRatio(slices, { method: 'timeslices' })).toThrow('sliceTarget must be given with timeslices');
    expect(() => periodErrorRatio(slices, { method: 'mean' as never })).toThrow('method must be occurrences, timeslices, ratio-timeslices');
    expect(() => periodErrorRatio([{ total: 1, bad: 0, repeat: 0 }])).toThrow('repeat must be a whole number from 1');
    const part = { slo: slo('99%'), slices };
    expect(() => composite([part], { method: 'occurrences' })).toThrow('composite takes 2 to 100 parts');
    expect(() => composite([part, { ...part, slices: [] }], { method: 'timeslices' })).toThrow('slices of the same times');
    expect(() => composite([part, { ...part, weight: 2 }], { method: 'timeslices' })).toThrow('weight has no meaning with timeslices');
    expect(() => composite([part, part], { method: 'sum' as never })).toThrow('method must be occurrences or timeslices');
  });

  it('weigh the parts of a composite', () => {
    const part = { slo: slo('99%'), slices: [{ total: 100, bad: 1 }] };
    expect(composite([part, { ...part, weight: 3 }], { method: 'occurrences' })).toEqual({ total: 400, bad: 4 });
  });

  it('know when nothing exhausts, and when all is lost already', () => {
    const minutes = { slices: 100, baselineRatio: '99%', outageRatio: '99%', target: '95%' };
    expect(slicesToExhaustion(minutes)).toBe(Number.POSITIVE_INFINITY);
    expect(slicesToExhaustion({ ...minutes, baselineRatio: '95%', outageRatio: 0 })).toBe(0);
  });
});
