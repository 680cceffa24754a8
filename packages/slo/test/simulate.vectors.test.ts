import { expect, it } from 'vitest';
import { defineSlo, googleSre, pyrra, rolling, type AlertPolicy, type AlertWindow } from '@nines/slo';
import { outage, simulate } from '@nines/slo/simulate';
import file from './vectors.json' with { type: 'json' };

interface Input {
  readonly policy: string;
  readonly factor?: number;
  readonly target: number;
  readonly outage: { readonly errorRatio: number; readonly durationMin: number };
  readonly historyMin?: number;
}

interface Expected {
  readonly fires?: boolean;
  readonly firstFiringMin?: number;
  readonly lastFiringMin?: number;
}

const only = (policy: AlertPolicy, wanted: (window: AlertWindow) => boolean): AlertPolicy => ({
  ...policy,
  windows: policy.windows.filter(wanted),
});

/** The alerts that each vector speaks of: sloth joins the pairs of a severity in one alert, pyrra has one alert for each factor. */
const policies: Readonly<Record<string, (input: Input) => AlertPolicy>> = {
  'sloth-30d-page': () => only(googleSre(), ({ severity }) => severity === 'page'),
  'sloth-30d-ticket': () => only(googleSre(), ({ severity }) => severity === 'ticket'),
  'sloth-30d-page-quick-exact-0.001': () => only(googleSre(), ({ longWindow }) => longWindow === '1h'),
  'pyrra-28d': ({ factor }) => only(pyrra({ period: '28d' }), (window) => window.factor === factor),
};

const vectors = file.vectors.filter(({ group }) => group === 'promtool');

it('there are measurements to compare with', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(10);
});

it.each(vectors)('$id: the simulator fires when promtool did, within one minute', ({ input, expected }) => {
  const given = input as unknown as Input;
  const { fires, firstFiringMin, lastFiringMin } = expected as unknown as Expected;
  const slo = defineSlo({
    name: 'vector',
    service: 'test',
    objective: given.target,
    window: rolling(given.policy.startsWith('pyrra') ? '28d' : '30d'),
    alerting: policies[given.policy]!(given),
  });
  const warmUp = given.historyMin ?? 4_400;
  const one = outage.step({ at: `${warmUp}m`, lasting: `${given.outage.durationMin}m`, errorRatio: given.outage.errorRatio });
  const { firings } = simulate(slo, { outages: [one], over: `${warmUp + given.outage.durationMin + 6_000}m` });
  const minutes = firings.flatMap(({ firedSeconds, resolvedSeconds }) => [
    firedSeconds / 60 - warmUp,
    (resolvedSeconds ?? 0) / 60 - 1 - warmUp,
  ]);
  const expectedMinutes = fires === false ? [] : [firstFiringMin ?? Number.NaN, lastFiringMin ?? Number.NaN];
  const found = minutes.length === 0 ? [] : [Math.min(...minutes), Math.max(...minutes)];
  expect(found).toHaveLength(expectedMinutes.length);
  for (const [index, minute] of expectedMinutes.entries()) expect(Math.abs((found[index] ?? Infinity) - minute)).toBeLessThanOrEqual(1);
});
