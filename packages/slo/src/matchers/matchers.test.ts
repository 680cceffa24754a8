/// <reference types="@nines/slo/matchers/vitest" />
import { describe, expect, it } from 'vitest';
import { defineSlo, googleSre, minimumSamples, rolling, SloError } from '@nines/slo';
import { assertSlo, samplesFromAutocannon, samplesFromK6, sloMatchers } from '@nines/slo/matchers';
import { outage, simulate } from '@nines/slo/simulate';
import { binomial, seeded } from '../simulate/random.ts';

expect.extend(sloMatchers);

const slo = defineSlo({
  name: 'availability',
  service: 'api',
  objective: '99%',
  window: rolling('30d'),
  alerting: googleSre({ unreachable: 'drop' }),
});
const outcomeOf = (run: () => unknown): string => {
  try {
    run();
    return 'passed';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('toMeetSlo', () => {
  it('passes, fails and leaves open, each with a sentence', () => {
    expect({ total: 1_000, bad: 2 }).toMeetSlo(slo);
    expect({ total: 1_000, bad: 30 }).not.toMeetSlo(slo);
    expect(outcomeOf(() => expect({ total: 1_000, bad: 30 }).toMeetSlo(slo))).toBe(
      'api availability of 99%: missed with 95% confidence, 30 of 1000 samples are bad (3 %; 1 % are allowed)',
    );
  });

  it('an open question is a failure in both directions, and says how many samples are needed', () => {
    const open =
      'inconclusive, 0 of 100 samples are bad (0 %; 1 % are allowed); 199 more good samples would show with 95% confidence that it is met';
    expect(outcomeOf(() => expect({ total: 100, bad: 0 }).toMeetSlo(slo))).toContain(open);
    expect(outcomeOf(() => expect({ total: 100, bad: 0 }).not.toMeetSlo(slo))).toContain(open);
  });

  it('takes samples in each form', () => {
    for (const samples of [{ good: 998, bad: 2 }, { good: 998, total: 1_000 }, Array.from({ length: 1_000 }, (_, index) => index > 1)]) {
      expect(samples).toMeetSlo(slo);
    }
  });

  it('never passes below the minimal sample', () => {
    for (const confidence of ['90%', '95%', '99%']) {
      const least = minimumSamples(slo, { confidence });
      for (let total = 0; total < least; total += 7)
        expect(outcomeOf(() => assertSlo({ total, bad: 0 }, slo, { confidence }))).not.toBe('passed');
      expect(outcomeOf(() => assertSlo({ total: least - 1, bad: 0 }, slo, { confidence }))).toContain('inconclusive');
      expect(outcomeOf(() => assertSlo({ total: least, bad: 0 }, slo, { confidence }))).toBe('passed');
    }
  });

  it.each([500, 2_995, 5_000])('is wrong at most once in twenty runs of %i samples at the boundary, over 10,000 seeded runs', (total) => {
    const random = seeded(total);
    const boundary = defineSlo({ name: 'a', service: 'b', objective: '99.9%', window: rolling('30d') });
    const passes = new Map<number, boolean>();
    let wrong = 0;
    for (let run = 0; run < 10_000; run++) {
      const bad = binomial(random, total, 0.001);
      if (!passes.has(bad)) passes.set(bad, sloMatchers.toMeetSlo.call({}, { total, bad }, boundary).pass);
      if (passes.get(bad) === true) wrong++;
    }
    expect(wrong / 10_000).toBeLessThanOrEqual(0.05);
  });

  it.each([
    [{ total: 10, bad: 11 }, 'bad must be from 0 to total (10), got 11'],
    [{ total: 10 }, 'samples are { total, bad }, { good, bad }, { good, total } or booleans'],
    [{ total: 1.5, bad: 0 }, 'total must be a whole number from 0 to 1e12, got 1.5'],
    [{ total: Number.NaN, bad: 0 }, 'total must be a decimal'],
    [[true, 'no'], 'each sample must be true (good) or false (bad), got "no"'],
    [undefined, 'samples takes an object'],
    [{ totl: 1, bad: 0 }, 'samples has no option "totl"'],
  ])('refuses %o as samples', (samples, message) => {
    expect(outcomeOf(() => assertSlo(samples as never, slo))).toContain(message);
  });
});

describe('toBurnBudgetSlowerThan', () => {
  it('tests the burn rate with the same confidence', () => {
    expect({ total: 1_000, bad: 5 }).toBurnBudgetSlowerThan(slo, 2);
    expect({ total: 1_000, bad: 40 }).not.toBurnBudgetSlowerThan(slo, 2);
    expect(outcomeOf(() => expect({ total: 50, bad: 0 }).toBurnBudgetSlowerThan(slo, 2))).toContain('inconclusive');
  });

  it.each([0, 100, -1])('refuses a burn rate of %i that no sample can show', (rate) => {
    expect(outcomeOf(() => expect({ total: 50, bad: 0 }).toBurnBudgetSlowerThan(slo, rate))).toMatch(/burnRate must be/);
  });
});

describe('toPageWithin and toNotPage', () => {
  const down = outage.step({ at: '1d', lasting: '30m', errorRatio: '100%' });
  const hiccup = outage.step({ at: '1d', lasting: '1m', errorRatio: '2%' });

  it('ask the policy of the objective', () => {
    expect(down).toPageWithin(slo, '10m');
    expect(down).not.toPageWithin(slo, '2m');
    expect([hiccup, hiccup]).toNotPage(slo);
    expect(simulate(slo, { outages: [down], over: '2d' })).not.toNotPage(slo);
    expect(simulate(slo, { outages: [down], over: '2d' })).toPageWithin(slo, '10m');
    expect(outcomeOf(() => expect(hiccup).toPageWithin(slo, '5m'))).toBe('api availability: nothing pages; expected a page within 5m');
  });

  it('refuse what cannot page', () => {
    expect(outcomeOf(() => expect(3).toNotPage(slo))).toContain('expected an outage, a list of outages');
    expect(outcomeOf(() => expect({ firings: [] }).toPageWithin(slo, '5m'))).toContain('toPageWithin needs outages');
  });
});

describe('assertSlo', () => {
  it('throws an error that tells a miss from too few samples', () => {
    const codeOf = (samples: { readonly total: number; readonly bad: number }) => {
      try {
        return assertSlo(samples, slo).outcome;
      } catch (error) {
        return error instanceof SloError ? error.code : error;
      }
    };
    expect(
      [
        { total: 1_000, bad: 2 },
        { total: 1_000, bad: 30 },
        { total: 100, bad: 0 },
      ].map(codeOf),
    ).toEqual(['pass', 'OBJECTIVE_MISSED', 'INCONCLUSIVE']);
  });
});

describe('load generators', () => {
  it('reads a k6 summary, in both of its forms', () => {
    const exported = { metrics: { http_req_failed: { passes: 2, fails: 998, value: 0.002 } } };
    expect(samplesFromK6(exported)).toEqual({ total: 1_000, bad: 2 });
    const own = { metrics: { fast_enough: { type: 'rate', values: { passes: 990, fails: 10, rate: 0.99 } } } };
    expect(samplesFromK6(own, { metric: 'fast_enough' })).toEqual({ total: 1_000, bad: 10 });
    expect(() => samplesFromK6(own)).toThrow('the k6 summary must have a rate "http_req_failed" with passes and fails, got undefined');
  });

  it("reads autocannon's result", () => {
    const result = { requests: { total: 990 }, errors: 10, non2xx: 5, '5xx': 1 };
    expect(samplesFromAutocannon(result)).toEqual({ total: 1_000, bad: 15 });
    expect(samplesFromAutocannon(result, { bad: '5xx' })).toEqual({ total: 1_000, bad: 11 });
    expect(() => samplesFromAutocannon({} as never)).toThrow("autocannon's result must have requests.total, errors and non2xx");
  });
});
