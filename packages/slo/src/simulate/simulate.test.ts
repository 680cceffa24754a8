import { constantFrom, integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertsOf, defineSlo, detectionTime, googleSre, resetTime, rolling, type Slo } from '@nines/slo';
import { outage, simulate, traffic, type SimulateOptions } from '@nines/slo/simulate';
import { forAll, seed } from '../../test/property.ts';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
const step = outage.step({ at: '4d', lasting: '2h', errorRatio: '10%' });

describe('simulate', () => {
  it('agrees with the formulas of detection and reset, for every step outage that fills the windows', () => {
    forAll([integer({ min: 2, max: 100 }), constantFrom('99.9%', '99.5%', '99%')], (percent, objective) => {
      const one: Slo = defineSlo({ name: 'a', service: 'b', objective, window: rolling('30d'), alerting: googleSre() });
      const errorRatio = `${percent}%`;
      const { firings } = simulate(one, { outages: [outage.step({ at: '4d', lasting: '2h', errorRatio })], over: '5d' });
      const [alert] = alertsOf(one);
      if (alert === undefined) throw new Error('no alert');
      const detection = detectionTime(one, { errorRatio, ...alertInput(alert) });
      const fired = firings.find((firing) => firing.alert === 'page 1h');
      const start = 4 * 86_400;
      // An outage too mild for this alert is never detected, and then nothing fires.
      expect(fired === undefined).toBe(!Number.isFinite(detection));
      expect(Math.abs((fired?.firedSeconds ?? Infinity) - start - detection) || 0).toBeLessThanOrEqual(60);
      const reset = resetTime(one, { errorRatio, factor: alert.factor, shortWindow: alert.shortWindow });
      expect(Math.abs((fired?.resolvedSeconds ?? start + 7_200) - start - 7_200 - reset)).toBeLessThanOrEqual(60);
    });
  });

  it(`is the same for the same seed and another for another (seed ${seed})`, () => {
    const options: SimulateOptions = { outages: [step], traffic: traffic.bursty({ perSecond: 2 }), over: '5d', background: '0.1%' };
    expect(simulate(slo, { ...options, seed })).toEqual(simulate(slo, { ...options, seed }));
    expect(simulate(slo, { ...options, seed }).bad).not.toBe(simulate(slo, { ...options, seed: seed + 1 }).bad);
  });

  it('says how good the alerts were: a page for nothing costs precision, an outage untold costs recall', () => {
    const brief = outage.step({ at: '1d', lasting: '4m', errorRatio: '100%' });
    const mild = outage.slowBurn({ at: '8d', lasting: '3d', burnRate: 0.9 });
    const { page, ticket } = simulate(slo, { outages: [brief, step, mild], significantBudget: '5%', over: '20d' });
    expect(page.outages.map(({ significant, alert }) => [significant, alert])).toEqual([
      [true, 'page 1h'],
      [true, 'page 1h'],
      [true, undefined],
    ]);
    expect(page.recall).toBeCloseTo(2 / 3);
    expect(page.precision).toBe(1);
    expect(ticket.outages[2]?.alert).toBeUndefined();
    const strict = simulate(slo, { outages: [brief, step], significantBudget: '20%', over: '20d' }).page;
    expect(strict.precision).toBeLessThan(1);
    expect(strict.recall).toBe(1);
  });

  it.each([
    ['ramp', outage.ramp({ at: '1d', lasting: '1h', errorRatio: '10%' }), 0.5],
    ['spike', outage.spike({ at: '1d', lasting: '1h', errorRatio: '10%' }), 0.5],
    ['flapping', outage.flapping({ at: '1d', lasting: '1h', errorRatio: '10%', duty: 0.25 }), 0.25],
    ['slow burn', outage.slowBurn({ at: '1d', lasting: '1h', burnRate: 100 }), 1],
  ])('%s spends its share of what a step of the same height spends', (_, one, share) => {
    const spent = simulate(slo, { outages: [one], over: '2d' }).bad / (10 * 3_600 * 0.1);
    expect(spent).toBeCloseTo(share, 6);
  });

  it('counts the exact share of a step of the simulation in which an outage begins and ends', () => {
    const odd = outage.step({ at: '1d30s', lasting: '45s', errorRatio: 1 });
    expect(simulate(slo, { outages: [odd], over: '2d' }).bad).toBeCloseTo(450, 4);
  });

  it.each([
    ['constant', traffic.constant({ perSecond: 2 })],
    ['diurnal', traffic.diurnal({ perSecond: 2 })],
    ['bursty', traffic.bursty({ perSecond: 2 })],
    ['low', traffic.low({ perHour: 7_200 })],
  ])('%s traffic has the mean that was asked for', (_, model) => {
    const { total } = simulate(slo, { traffic: model });
    expect(total / (2 * 30 * 86_400)).toBeGreaterThan(0.9);
    expect(total / (2 * 30 * 86_400)).toBeLessThan(1.1);
  });

  it('keeps silent about one failure among few when the policy asks for confidence', () => {
    const careful = { ...slo, alerting: googleSre({ lowTraffic: { confidence: '98%' } }) };
    const quiet: SimulateOptions = { traffic: traffic.low({ perHour: 10 }), background: '0.05%', over: '30d', seed: 3 };
    expect(simulate(slo, quiet).page.fired).toBeGreaterThan(0);
    expect(simulate(careful, quiet).page.fired).toBe(0);
  });

  it.each([
    [{ step: '1M' }, 'step must be a duration'],
    [{ over: '3660d', step: '1s' }, 'over must be from 1 to 1000000 steps'],
    [{ seed: -1 }, 'seed must be a whole number from 0 to 4294967295, got -1'],
    [{ background: 2 }, 'background must be from 0 to 1, got 2'],
    [{ outages: 'many' }, 'outages must be an array of at most 1000, got "many"'],
    [{ outage: [] }, 'simulate has no option "outage"'],
  ])('refuses %o', (options, message) => {
    expect(() => simulate(slo, options as SimulateOptions)).toThrow(message);
  });

  it('refuses an objective without a policy, and says what is missing', () => {
    const bare = defineSlo({ name: 'a', service: 'b', objective: '99%', window: rolling('30d') });
    expect(() => simulate(bare)).toThrow('simulate needs an objective with a policy: defineSlo({ …, alerting: googleSre() })');
  });

  it.each([
    [() => outage.step({ at: '1d', lasting: '1h', errorRatio: 0 }), 'errorRatio must be more than 0, got 0'],
    [() => outage.flapping({ at: '1d', lasting: '1h', errorRatio: 1, duty: 2 }), 'duty must be from 0 to 1, got 2'],
    [() => outage.slowBurn({ at: '1d', lasting: '1h', burnRate: 0 }), 'burnRate must be more than 0, got 0'],
    [() => traffic.constant({ perSecond: 0 }), 'perSecond must be more than 0 and at most 1e9, got 0'],
    [() => traffic.diurnal({ perSecond: 1, swing: 1.5 }), 'swing must be from 0 to 1, got 1.5'],
  ])('refuses a world that cannot be: %s', (make, message) => {
    expect(make).toThrow(message);
  });
});

function alertInput({ factor, longWindow }: { readonly factor: number; readonly longWindow: string }): {
  readonly factor: number;
  readonly longWindow: string;
} {
  return { factor, longWindow };
}
