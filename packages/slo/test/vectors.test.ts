import { describe, expect, it } from 'vitest';
import {
  allowedDowntime,
  budgetConsumed,
  burnRate,
  burnRateFactor,
  defineSlo,
  detectionTime,
  errorBudget,
  errorRatioThreshold,
  isReachable,
  resetTime,
  rolling,
  timeToExhaustion,
  type Slo,
} from '@nines/slo';
import file from './vectors.json' with { type: 'json' };

/** A group is either computed here or listed here: a new one in the file fails the first test. */
const notYetCovered = [
  'clopper-pearson',
  'disagreement',
  'dynamic',
  'openslo',
  'openslo-duration',
  'promtool',
  'pyrra-windows',
  'report',
  'sample-size',
  'wilson',
];

type Input = Readonly<Record<string, number>>;

const at = (input: Input, name: string): number => {
  const value = input[name];
  if (value === undefined) throw new Error(`this vector has no ${name}`);
  return value;
};
const duration = (input: Input, name: string): string => `${at(input, name)}s`;

/** Where a vector leaves the objective or the period out, its answer does not depend on it. */
const slo = (input: Input): Slo =>
  defineSlo({
    name: 'vector',
    service: 'test',
    objective: input['target'] ?? 0.999,
    window: rolling(`${input['periodSeconds'] ?? 2_592_000}s`),
  });

const burn = (input: Input): { errorRatio: number } | { burnRate: number } =>
  input['burnRate'] === undefined ? { errorRatio: at(input, 'errorRatio') } : { burnRate: input['burnRate'] };

const consumed = (input: Input): number => {
  if (input['bad'] !== undefined) {
    const total = (at(input, 'eventsPerHour') * at(input, 'periodSeconds')) / 3_600;
    return budgetConsumed(slo(input), { bad: input['bad'], total });
  }
  return budgetConsumed(slo(input), { ...burn(input), over: `${input['windowSeconds'] ?? at(input, 'durationSeconds')}s` });
};

const alert = (input: Input): { errorRatio: number; factor: number } => ({
  errorRatio: at(input, 'errorRatio'),
  factor: at(input, 'burnRateFactor'),
});

const functions: Readonly<Record<string, (input: Input) => number | boolean>> = {
  allowedDowntimeSeconds: (input) => allowedDowntime(slo(input)),
  allowedBadEvents: (input) => errorBudget(slo(input), { total: at(input, 'total'), bad: 0 }).allowed,
  budgetConsumedFraction: consumed,
  burnRate: (input) => burnRate(slo(input), { errorRatio: at(input, 'errorRatio') }),
  burnRateFactor: (input) =>
    burnRateFactor({
      budget: `${at(input, 'budgetConsumedPercent')}%`,
      longWindow: duration(input, 'longWindowSeconds'),
      period: duration(input, 'periodSeconds'),
    }),
  detectionTimeSeconds: (input) => detectionTime(slo(input), { ...alert(input), longWindow: duration(input, 'windowSeconds') }),
  errorRatioThreshold: (input) => errorRatioThreshold(slo(input), { factor: at(input, 'burnRateFactor') }),
  isAlertReachable: (input) => isReachable(slo(input), { factor: at(input, 'burnRateFactor') }),
  resetTimeSeconds: (input) => resetTime(slo(input), { ...alert(input), shortWindow: duration(input, 'windowSeconds') }),
  timeToExhaustionSeconds: (input) => timeToExhaustion(slo(input), burn(input)),
};

const covered = file.vectors.filter(({ group }) => !notYetCovered.includes(group));

it('knows every group of the file: computed here, or listed as not yet covered', () => {
  const computed = [...new Set(covered.map(({ group }) => group))];
  expect(computed.toSorted()).toEqual([
    'burnrate',
    'consumed',
    'detection',
    'downtime',
    'exhaustion',
    'factor',
    'lowtraffic',
    'reachability',
    'reset',
    'threshold',
  ]);
  expect([...computed, ...notYetCovered].toSorted()).toEqual(file.meta.groups.toSorted());
});

describe.each([...new Set(covered.map(({ group }) => group))])('vectors of %s', (group) => {
  it.each(covered.filter((vector) => vector.group === group))('$id: $fn is exactly $expected', (vector) => {
    const compute = functions[vector.fn];
    // Exactly, not within the file's tolerance: every answer is the double nearest to the true value.
    expect(compute?.(vector.input as unknown as Input)).toBe(vector.expected);
  });
});
