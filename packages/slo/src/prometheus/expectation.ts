import { rolling, type Alert, type Slo } from '@nines/slo';
import { ratioOver, sampleRatiosOver, type History, type Reading } from './history.ts';
import { alertName } from './names.ts';
import { labelsText } from './promql.ts';

/** How the rules are evaluated in a test, and how often the series have a sample. */
export interface Timing {
  /** Seconds between evaluations. */
  readonly tick: number;
  /** Seconds between samples. */
  readonly step: number;
  /** Whether windows are sums of samples of evaluations, not of counters. */
  readonly samples: boolean;
}

/** An alert of a rule file as a test asks for it: which series of `ALERTS` it is, and which pairs of windows raise it. */
export interface ExpectedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly pairs: readonly Alert[];
  readonly waitSeconds: number;
}

/** One expression and its value, as promtool's test files have it. */
export interface ExpressionTest {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** An expression that must have this value at this time. */
export function expectValue(expr: string, atSeconds: number, value: number): ExpressionTest {
  return { expr, eval_time: `${atSeconds}s`, exp_samples: [{ labels: '{}', value }] };
}

/** The alerts of the robust layout: one for each pair. */
export function robustAlerts(slo: Slo, alerts: readonly Alert[]): ExpectedAlert[] {
  const alertname = alertName(slo);
  return alerts.map((alert) => ({
    labels: { alertname, service: slo.service, slo_tier: String(alert.tier) },
    pairs: [alert],
    waitSeconds: waitOf(alert),
  }));
}

/** The alerts of sloth's layout: one for each severity. */
export function slothAlerts(slo: Slo, alerts: readonly Alert[]): ExpectedAlert[] {
  return (['page', 'ticket'] as const).flatMap((severity) => {
    const pairs = alerts.filter((alert) => alert.severity === severity);
    const labels = { alertname: alertName(slo), severity };
    return pairs.length === 0 ? [] : [{ labels, pairs, waitSeconds: Math.max(...pairs.map(waitOf)) }];
  });
}

/** How long an alert waits, in seconds. */
export function waitOf(alert: Alert): number {
  return alert.for === undefined ? 0 : rolling(alert.for).seconds;
}

/** What an alert must be at the end of a history. Nothing is expected where it is too close to call. */
export function alertTests(expected: ExpectedAlert, history: History, timing: Timing, atSeconds: number): ExpressionTest[] {
  const state = stateAt(expected, history, timing, atSeconds);
  if (state === undefined) return [];
  const count = (alertstate: string): string => `count(ALERTS${labelsText({ ...expected.labels, alertstate })}) or vector(0)`;
  return [
    expectValue(count('firing'), atSeconds, state === 'firing' ? 1 : 0),
    ...(expected.waitSeconds > 0 ? [expectValue(count('pending'), atSeconds, state === 'pending' ? 1 : 0)] : []),
  ];
}

type State = 'inactive' | 'pending' | 'firing';

function stateAt(expected: ExpectedAlert, history: History, timing: Timing, atSeconds: number): State | undefined {
  const now = isRaised(expected, history, timing, atSeconds);
  if (now !== true) return now === undefined ? undefined : 'inactive';
  // The alert's clock starts at the first evaluation of an unbroken row.
  for (let held = 0; held < expected.waitSeconds; held += timing.tick) {
    const before = atSeconds - held - timing.tick;
    const raised = before >= 0 && isRaised(expected, history, timing, before);
    if (raised === undefined) return undefined;
    if (!raised) return 'pending';
  }
  return 'firing';
}

function isRaised({ pairs }: ExpectedAlert, history: History, timing: Timing, atSeconds: number): boolean | undefined {
  return either(
    pairs.map(({ longSeconds, shortSeconds, threshold }) => {
      const windows = [longSeconds, shortSeconds].map((windowSeconds) => isAbove(history, timing, { atSeconds, windowSeconds, threshold }));
      const notAbove = either(windows.map((side) => (side === undefined ? undefined : !side)));
      return notAbove === undefined ? undefined : !notAbove;
    }),
  );
}

/** Whether one of them is true; undefined when that is not known. */
function either(answers: readonly (boolean | undefined)[]): boolean | undefined {
  if (answers.some((answer) => answer === true)) return true;
  return answers.every((answer) => answer === false) ? false : undefined;
}

function isAbove(
  history: History,
  timing: Timing,
  { atSeconds, windowSeconds, threshold }: { readonly atSeconds: number; readonly windowSeconds: number; readonly threshold: number },
): boolean | undefined {
  const readings: readonly (Reading | undefined)[] = timing.samples
    ? sampleRatiosOver(history, { tick: timing.tick, atSeconds, windowSeconds }).map((ratio) => ({ ratio, sure: true }))
    : [ratioOver(history, atSeconds, windowSeconds)];
  const sides = readings.map((reading) => {
    const margin = reading?.sure === false ? 0.25 : 0.02;
    if (reading === undefined || reading.ratio < threshold * (1 - margin)) return false;
    return reading.ratio > threshold * (1 + margin) ? true : undefined;
  });
  return sides.every((side) => side === sides[0]) ? (sides.length === 0 ? false : sides[0]) : undefined;
}
