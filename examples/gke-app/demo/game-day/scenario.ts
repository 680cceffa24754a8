import { ruleGroups } from '@nines/slo/prometheus';
import type { Slo } from '@nines/slo';
import { experiments, type Experiment } from '../../../../tools/chaos/experiment.ts';

/** One experiment of `deploy/chaos`, as the game day plays it: what is broken, and what is claimed to follow. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** What the system is claimed to do. */
  readonly claim: string;
  /** Events each second when all is well. */
  readonly rate: number;
  /** Variables of the services, where they differ from the demo's. */
  readonly env: Readonly<Record<string, string>>;
  /** How long all must be well before anything is broken. */
  readonly steadySeconds: number;
  /** What is asked to know that it is: each value at most so much. */
  readonly steadyQueries: Experiment['steadyState']['queries'];
  /** Which switch, and for how long at least; a switch stays on for a while longer when the expected alert is late. */
  readonly fault: { readonly switch: string; readonly seconds: number };
  /** The alert that must fire: `DeliveryBudgetBurn`; or `none`, and nobody may be called. */
  readonly expected: string;
  /** The latest for it in production, and how much of that no compressed clock shortens. */
  readonly within: { readonly seconds: number; readonly uncompressedSeconds: number };
  /** Alerts that may fire too, and why that is right. */
  readonly tolerated: Readonly<Record<string, string>>;
  /** When to stop: this share of any objective's error budget is gone. A dead letter stops it always. */
  readonly abortAboveBudget: number;
  /** What people would write under "what we do". */
  readonly lesson: string;
}

/** In the order in which they are played. */
export const scenarios: readonly Scenario[] = experiments().map(scenarioOf);

function scenarioOf({ id, title, hypothesis, steadyState, fault, expected, abort, lesson }: Experiment): Scenario {
  return {
    id,
    title,
    claim: hypothesis,
    rate: steadyState.rate,
    env: fault.env ?? {},
    steadySeconds: steadyState.seconds,
    steadyQueries: steadyState.queries,
    fault: { switch: fault.switch, seconds: fault.seconds },
    expected: expected.alert,
    within: { seconds: expected.withinSeconds ?? 0, uncompressedSeconds: expected.uncompressedSeconds ?? 0 },
    tolerated: expected.tolerated ?? {},
    abortAboveBudget: abort.budgetSpent,
    lesson,
  };
}

/** The objective that an alert guards; undefined for one that guards none. */
export function objectiveOf(alert: string, objectives: readonly Slo[]): Slo | undefined {
  return objectives.find((slo) => ruleGroups(slo).some(({ rules }) => rules.some((rule) => 'alert' in rule && rule.alert === alert)));
}

/** The latest that is right on a clock that is compressed so many times. */
export function latestSeconds({ within: { seconds, uncompressedSeconds } }: Scenario, factor: number): number {
  return uncompressedSeconds + (seconds - uncompressedSeconds) / factor;
}

/** @throws Error that lists what there is. */
export function chosen(name: string): readonly Scenario[] {
  if (name === 'all') return scenarios;
  const found = scenarios.find(({ id }) => id === name);
  if (found === undefined)
    throw new Error(`no scenario is called ${JSON.stringify(name)}: all, ${scenarios.map(({ id }) => id).join(', ')}`);
  return [found];
}
