import { alertsOf, allowedDowntime, rolling, type Alert, type Slo } from '@nines/slo';
import {
  alertTests,
  expectValue,
  robustAlerts,
  slothAlerts,
  waitOf,
  type ExpectedAlert,
  type ExpressionTest,
  type Timing,
} from './expectation.ts';
import { counterValues, gaugeValues, historyOf, type History } from './history.ts';
import { indicatorOf } from './indicator.ts';
import { recorded } from './period-rules.ts';
import { labelsText } from './promql.ts';
import type { RuleGroup } from './rule.ts';
import { sampleSeries, type SampleSeries } from './sample-series.ts';
import { paceScenario, periodScenario, quietScenario, scenariosOf, steadyScenario, type Grid, type Scenario } from './scenario.ts';

/** A series of a test, in promtool's short form. */
interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** A test file of promtool. */
export interface RuleTestFile {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly group_eval_order: readonly string[];
  readonly tests: readonly {
    readonly name: string;
    readonly interval: string;
    readonly input_series: readonly InputSeries[];
    readonly promql_expr_test: readonly ExpressionTest[];
  }[];
}

/** The layouts that rules can have. */
export type Layout = 'robust' | 'sloth';

// Primes, so that no sample falls on the edge of a window, where Prometheus 2 and 3 differ.
const steps = [37, 31, 23, 19, 17, 13, 11, 7, 5, 3, 2, 1];
/** Histories of gauges that take more evaluations than this are left out. */
const mostTicks = 3_000;

/** A promtool test for the rules of one objective: histories just above and just below each threshold, and what must fire at their end. */
export function ruleTest(
  slo: Slo,
  layout: Layout,
  { ruleFile, groups }: { readonly ruleFile: string; readonly groups: readonly RuleGroup[] },
): RuleTestFile {
  const timing = timingOf(slo);
  const alerts = alertsOf(slo);
  const expected = (layout === 'robust' ? robustAlerts : slothAlerts)(slo, alerts);
  const series = slo.sli === undefined ? undefined : sampleSeries(slo.sli);
  const scenarios = series === undefined ? [] : scenarioList(slo, layout, timing);
  const silent = expected.map(({ labels }) => expectValue(firing(labels), 2 * timing.tick, 0));
  return {
    rule_files: [ruleFile],
    evaluation_interval: `${timing.tick}s`,
    group_eval_order: groups.map(({ name }) => name),
    tests: [
      {
        name: 'no series at all: no alert',
        interval: '1m',
        input_series: [],
        promql_expr_test: [objectiveTest(slo, layout, timing), ...silent],
      },
      ...scenarios.map((scenario) => testOf(slo, { scenario, timing, series: series ?? [], expected, layout })),
    ],
  };
}

function firing(labels: Readonly<Record<string, string>>): string {
  return `count(ALERTS${labelsText({ ...labels, alertstate: 'firing' })}) or vector(0)`;
}

function objectiveTest(slo: Slo, layout: Layout, { tick }: Timing): ExpressionTest {
  return expectValue(`count(slo:objective:ratio${own(slo, layout)} == ${slo.target})`, 2 * tick, 1);
}

function own(slo: Slo, layout: Layout): string {
  return labelsText(layout === 'robust' ? { slo: slo.name, service: slo.service } : { sloth_id: `${slo.service}-${slo.name}` });
}

function timingOf(slo: Slo): Timing {
  const shortest = Math.min(300, ...alertsOf(slo).map(({ shortSeconds }) => shortSeconds));
  if (slo.sli?.type === 'time-slices') {
    const step = Math.max(1, Math.floor(rolling(slo.sli.slice).seconds / 3));
    return { step, tick: 3 * step, samples: true };
  }
  if (slo.sli !== undefined && indicatorOf(slo).kind === 'samples') {
    const step = Math.max(1, Math.floor(shortest / 5));
    return { step, tick: step, samples: true };
  }
  const step = steps.find((seconds) => seconds <= shortest / 8) ?? 1;
  return { step, tick: Math.max(60, Math.ceil(slo.window.seconds / 20 / 60) * 60), samples: false };
}

function scenarioList(slo: Slo, layout: Layout, timing: Timing): Scenario[] {
  const alerts = alertsOf(slo);
  const { tick, step } = timing;
  // Alerts that are joined by `or` need all their windows filled, so that the others are silent.
  const longest = layout === 'sloth' ? Math.max(0, ...alerts.map(({ longSeconds }) => longSeconds)) : 0;
  const gridOf = (seconds: number): Grid => ({ seconds: Math.ceil(seconds / tick) * tick, step });
  const all = [
    quietScenario(timing.samples ? 20 * tick : tick),
    ...alerts.flatMap((alert) => scenariosOf(alert, gridOf(2 * Math.max(alert.longSeconds, longest)), joinedWith(alert, alerts, layout))),
  ];
  if (timing.samples) return all.filter(({ seconds }) => seconds / tick <= mostTicks);
  const waiting = alerts.filter((alert) => waitOf(alert) > 0);
  const steady = waiting.map((alert) => steadyScenario(alert, gridOf(Math.max(2 * alert.longSeconds, 2 * tick + waitOf(alert)))));
  const [quickest] = alerts;
  const pace = quickest === undefined || layout === 'sloth' ? undefined : paceScenario(quickest, gridOf(2 * quickest.longSeconds), tick);
  if (slo.window.type === 'calendar') return [...all, ...steady];
  // With ticks closer than the moments are long, the moments would run into each other.
  return [...all, ...steady, ...(pace === undefined ? [] : [pace]), ...(tick >= 1_200 ? [periodScenario(tick, step)] : [])];
}

/** The pairs that raise the same alert: in sloth's layout those of its severity, in ours none. */
function joinedWith(alert: Alert, alerts: readonly Alert[], layout: Layout): Alert[] {
  return layout === 'robust' ? [] : alerts.filter((other) => other !== alert && other.severity === alert.severity);
}

interface Case {
  readonly scenario: Scenario;
  readonly timing: Timing;
  readonly series: readonly SampleSeries[];
  readonly expected: readonly ExpectedAlert[];
  readonly layout: Layout;
}

function testOf(slo: Slo, { scenario, timing, series, expected, layout }: Case): RuleTestFile['tests'][number] {
  const whole = timing.samples ? { stepsPerSample: Math.round(timing.tick / timing.step) } : undefined;
  const history = historyOf(scenario, timing.step, whole);
  const kept = scenario.errorSeries ? series : series.filter(({ shape }) => shape !== 'bad');
  return {
    name: scenario.name,
    interval: `${timing.step}s`,
    input_series: kept.map(({ name, shape }) => ({ series: name, values: valuesOf(slo, shape, history) })),
    promql_expr_test: [
      ...recordedTests(slo, layout, scenario),
      ...(scenario.present === undefined ? expected.flatMap((one) => alertTests(one, history, timing, scenario.seconds)) : []),
    ],
  };
}

function valuesOf(slo: Slo, shape: SampleSeries['shape'], { bad, total, present }: History): string {
  if (slo.sli?.type === 'freshness' || slo.sli?.type === 'boolean') {
    const [isGood, isBad] = slo.sli.type === 'boolean' ? [1, 0] : [0, 2 * Number(slo.sli.threshold)];
    if (shape === 'decoy') return gaugeValues(present.map(() => isBad));
    return gaugeValues([isGood, ...bad.map((count) => (count > 0 ? isBad : isGood))]);
  }
  if (shape === 'bad') return counterValues(bad, present);
  const good = shape === 'good' ? bad.map((count) => total - count) : undefined;
  // Of the events that another matcher keeps out half are fast, so that a bucket without it counts other than the total.
  return counterValues(good ?? bad.map(() => (shape === 'half' ? total / 2 : total)), present);
}

/** What must be recorded where it is known: nothing spent without an error, the sum of the period, how long the budget lasts. */
function recordedTests(slo: Slo, layout: Layout, scenario: Scenario): ExpressionTest[] {
  const at = scenario.seconds;
  const remaining = `${layout === 'robust' ? recorded.remaining : 'slo:period_error_budget_remaining:ratio'}${own(slo, layout)}`;
  if (!scenario.errorSeries) return quietTests(slo, layout, at, remaining);
  if (scenario.pace !== undefined) {
    const lasts = `${recorded.exhaustion}${own(slo, layout)} / ${allowedDowntime(slo) / scenario.pace}`;
    return [expectValue(`count(abs(${lasts} - 1) < 0.02)`, at, 1)];
  }
  if (scenario.present === undefined) return [];
  // Two moments lie in the period: one good, one with half of its events bad.
  return [expectValue(`count(abs((1 - ${remaining}) * ${slo.budget} - 0.25) < 0.05)`, at, 1)];
}

function quietTests(slo: Slo, layout: Layout, at: number, remaining: string): ExpressionTest[] {
  const windows = [...new Set(alertsOf(slo).flatMap(({ longWindow, shortWindow }) => [longWindow, shortWindow]))];
  // promtool's time starts in 1970, before any calendar window.
  const period = slo.window.type === 'rolling' ? [expectValue(`count(${remaining} == 1)`, at, 1)] : [];
  if (layout === 'sloth')
    return [...period, ...windows.map((window) => expectValue(`count(slo:sli_error:ratio_rate${window}${own(slo, layout)} == 0)`, at, 1))];
  const counted = new Set([...windows, ...(period.length === 0 ? [] : [slo.window.duration])]);
  return counted.size === 0 ? period : [...period, expectValue(`count(${recorded.errorRatio}${own(slo, layout)} == 0)`, at, counted.size)];
}
