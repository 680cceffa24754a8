import { expect, test } from 'vitest';
import { alertsOf } from '@nines/slo';
import { ruleGroups } from '@nines/slo/prometheus';
import { objectives } from '../src/objectives.ts';
import { compressClock } from './slo-clock.ts';

test('a clock that is 60 times quicker divides every window, and leaves every threshold and burn rate as it is', () => {
  const { objectives: quick, note, countWindow } = compressClock(objectives, 60);
  expect(quick.map(({ window }) => window.duration)).toEqual(['12h', '12h', '12h', '12h']);
  for (const [index, slo] of quick.entries()) {
    const truth = alertsOf(objectives[index]!);
    const alerts = alertsOf(slo);
    expect(alerts.map(({ longSeconds, shortSeconds }) => [longSeconds, shortSeconds])).toEqual([
      [60, 5],
      [360, 30],
      [1440, 120],
      [4320, 360],
    ]);
    const numbers = ({ threshold, factor, budget, severity }: (typeof alerts)[number]) => ({ threshold, factor, budget, severity });
    expect(alerts.map(numbers)).toEqual(truth.map(numbers));
    expect(slo).toMatchObject({ name: objectives[index]?.name, objective: objectives[index]?.objective, sli: objectives[index]?.sli });
    expect(slo.alerting?.name).toBe('google-sre, clock ÷ 60');
    const rules = JSON.stringify(ruleGroups(slo, { countWindow }));
    expect(rules).toContain('[5s]');
    expect(rules).not.toMatch(/\[(5m|30d)\]/);
  }
  expect(note).toBe('compressed SLO clock: every window of the objectives and of their alerts is divided by 60, so that 1 h lasts 1m');
});

test('a factor of 1 changes nothing but the copy; one that does not divide every window is refused with its name', () => {
  expect(compressClock(objectives, 1).objectives.map(({ window }) => window.seconds)).toEqual(
    objectives.map(({ window }) => window.seconds),
  );
  expect(() => compressClock(objectives, 7)).toThrow('30d divided by 7 is not whole seconds: choose a factor that divides it');
  expect(() => compressClock(objectives, 0)).toThrow('whole number from 1 to 300, got 0');
});
