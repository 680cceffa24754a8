import { alertsOf, rolling, type Alert, type Slo } from '@nines/slo';
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
import { periodScenario, quietScenario, scenariosOf, steadyScenario, type Scenario } from './scenario.ts';

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
  const scenarios = series === undefined ? [] : scenarioList(slo, timing, alerts);
  // Alerts that are joined by `or` need all their windows filled, so that the others are silent.
  const longest = layout === 'sloth' ? Math.max(0, ...alerts.map(({ longSeconds }) => 2 * longSeconds)) : 0;
  const ready = scenarios.map((scenario) => {
    const seconds = scenario.present === undefined ? Math.max(scenario.seconds, longest) : scenario.seconds;
    return { ...scenario, seconds: Math.ceil(seconds / timing.tick) * timing.tick };
  });
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
      ...ready.map((scenario) => testOf(slo, { scenario, timing, series: series ?? [], expected, layout })),
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

function scenarioList(slo: Slo, timing: Timing, alerts: readonly Alert[]): Scenario[] {
  const all = [quietScenario(timing.samples ? 20 * timing.tick : timing.tick), ...alerts.flatMap((alert) => scenariosOf(alert))];
  if (timing.samples) return all.filter(({ seconds }) => seconds / timing.tick <= mostTicks);
  const waiting = alerts.filter((alert) => waitOf(alert) > 0);
  const steady = waiting.map((alert) => steadyScenario(alert, Math.max(2 * alert.longSeconds, 2 * timing.tick + waitOf(alert))));
  // With ticks closer than the moments are long, the moments would run into each other.
  return [...all, ...steady, ...(timing.tick >= 1_200 && slo.window.type === 'rolling' ? [periodScenario(timing.tick)] : [])];
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
      ...recordedTests(slo, layout, scenario, timing),
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
  if (shape === 'good')
    return counterValues(
      bad.map((count) => total - count),
      present,
    );
  return counterValues(
    bad.map(() => total),
    present,
  );
}

/** What must be recorded where it is known: nothing spent without an error, and the sum of the period. */
function recordedTests(slo: Slo, layout: Layout, scenario: Scenario, { tick }: Timing): ExpressionTest[] {
  const at = scenario.seconds;
  const remaining = `${layout === 'robust' ? recorded.remaining : 'slo:period_error_budget_remaining:ratio'}${own(slo, layout)}`;
  if (!scenario.errorSeries) {
    const windows = new Set(alertsOf(slo).flatMap(({ longWindow, shortWindow }) => [longWindow, shortWindow]));
    // promtool's time starts in 1970, before any calendar window.
    const rollingOnly = slo.window.type === 'rolling' ? [expectValue(`count(${remaining} == 1)`, at, 1)] : [];
    if (slo.window.type === 'rolling') windows.add(slo.window.duration);
    const all = expectValue(`count(${recorded.errorRatio}${own(slo, layout)} == 0)`, at, windows.size);
    return [...(layout === 'robust' && windows.size > 0 ? [all] : []), ...rollingOnly];
  }
  if (scenario.present === undefined || tick === 0) return [];
  // Two moments lie in the period: one good, one with half of its events bad.
  const spent = `(1 - ${remaining}) * ${slo.budget}`;
  return [expectValue(`count(abs(${spent} - 0.25) < 0.05)`, at, 1)];
}
