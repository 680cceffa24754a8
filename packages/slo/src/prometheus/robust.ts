import { alertsOf, allowedDowntime, wilson, type Alert, type Slo } from '@nines/slo';
import { alertAnnotations, alertLabels } from './annotations.ts';
import { indicatorOf, type Counts } from './indicator.ts';
import { alertName, sloLabels } from './names.ts';
import { countNames, defaultCountWindow, periodRules, recorded } from './period-rules.ts';
import { labelsText } from './promql.ts';
import type { AlertingRule, RecordingRule, RuleGroup } from './rule.ts';

/**
 * The robust layout: one group an objective, so that everything in it is evaluated in order and at one moment.
 *
 * ```text
 * counters ─▶ events of 5 minutes ─▶ error ratio of the period ─▶ budget left, time to exhaustion
 *         └─▶ error ratio of each alert window ─▶ alerts
 * ```
 * Counts are recorded and not ratios, because a mean of ratios lets a quiet night weigh as much as a busy day, and one 0/0 makes it NaN.
 */
export function robustGroups(slo: Slo, countWindow: string = defaultCountWindow): RuleGroup[] {
  const indicator = indicatorOf(slo);
  const own = labelsText({ slo: slo.name, service: slo.service });
  const events = indicator.kind === 'events';
  const names = events ? countNames(countWindow) : { bad: recorded.badSample, total: recorded.totalSample };
  const now = events ? indicator.over(countWindow) : indicator.now;
  const over = events
    ? indicator.over
    : (window: string): Counts => ({
        bad: `sum_over_time(${names.bad}${own}[${window}])`,
        total: `sum_over_time(${names.total}${own}[${window}])`,
      });
  const labels = sloLabels(slo);
  const alerts = alertsOf(slo);
  const interval = slo.sli?.type === 'time-slices' ? { interval: slo.sli.slice } : {};
  return [
    {
      name: `slo-${slo.service}-${slo.name}`,
      ...interval,
      rules: [
        { record: recorded.objective, expr: `vector(${slo.target})`, labels },
        { record: names.total, expr: now.total, labels },
        { record: names.bad, expr: now.bad, labels },
        ...windowsOf(alerts, slo).map((window) => ratioRule(slo, window, over(window))),
        ...periodRules(slo, { ...names, over }),
        ...budgetRules(slo, alerts),
        ...lowTrafficRules(slo, alerts, over),
        ...alerts.map((alert) => alertRule(slo, alert)),
      ],
    },
  ];
}

/** Each window that an alert looks at, once, shortest first; the period has a rule of its own. */
function windowsOf(alerts: readonly Alert[], slo: Slo): string[] {
  const seconds = new Map(
    alerts.flatMap(
      (alert) =>
        [
          [alert.shortWindow, alert.shortSeconds],
          [alert.longWindow, alert.longSeconds],
        ] as const,
    ),
  );
  return [...seconds.keys()]
    .filter((window) => window !== slo.window.duration)
    .toSorted((a, b) => (seconds.get(a) ?? 0) - (seconds.get(b) ?? 0));
}

function ratioRule(slo: Slo, window: string, { bad, total }: Counts): RecordingRule {
  return { record: recorded.errorRatio, expr: `${bad} / (${total} > 0)`, labels: { ...sloLabels(slo), slo_window: window } };
}

/** What the annotations of the alerts show: how much is left, and for how long at the pace of the quickest alert's long window. */
function budgetRules(slo: Slo, alerts: readonly Alert[]): RecordingRule[] {
  const labels = sloLabels(slo);
  const ratio = (window: string): string => ratioSeries(slo, window);
  const own = labelsText({ slo: slo.name, service: slo.service });
  const rules: RecordingRule[] = [
    { record: recorded.spent, expr: `sum without (slo_window) (${ratio(slo.window.duration)}) / ${slo.budget}`, labels },
    { record: recorded.remaining, expr: `1 - ${recorded.spent}${own}`, labels },
  ];
  const [quickest] = alerts;
  if (quickest === undefined) return rules;
  const left = `clamp_min(${recorded.remaining}${own}, 0) * ${allowedDowntime(slo)}`;
  const pace = `sum without (slo_window) (${ratio(quickest.longWindow)} > 0)`;
  return [...rules, { record: recorded.exhaustion, expr: `${left} / ${pace}`, labels }];
}

/** For few events: the lower Wilson bound of each long window, so that one failure among ten requests does not page. */
function lowTrafficRules(slo: Slo, alerts: readonly Alert[], over: (window: string) => Counts): RecordingRule[] {
  const z = lowTrafficZ(slo);
  if (z === undefined) return [];
  return [...new Set(alerts.map(({ longWindow }) => longWindow))].flatMap((window) => {
    const labels = { ...sloLabels(slo), slo_window: window };
    const n = `${recorded.count}${labelsText({ slo: slo.name, service: slo.service, slo_window: window })}`;
    const p = ratioSeries(slo, window);
    const square = z * z;
    const spread = `sqrt((${p} * (1 - ${p}) + ${square / 4} / ${n}) / ${n})`;
    const expr = `(${p} + ${square / 2} / ${n} - ${z} * ${spread}) / (1 + ${square} / ${n})`;
    return [
      { record: recorded.count, expr: over(window).total, labels },
      { record: recorded.lowerBound, expr, labels },
    ];
  });
}

/** z of the confidence asked for: the upper bound of no bad event among n is z²/(n + z²), and with n = 1 that gives z. */
function lowTrafficZ(slo: Slo): number | undefined {
  const confidence = slo.alerting?.lowTraffic?.confidence;
  if (confidence === undefined) return undefined;
  const { upper } = wilson({ total: 1, bad: 0, confidence });
  return Number(Math.sqrt(upper / (1 - upper)).toPrecision(12));
}

function alertRule(slo: Slo, alert: Alert): AlertingRule {
  const above = (series: string): string => `${series} > ${alert.threshold}`;
  const conditions = [above(ratioSeries(slo, alert.longWindow)), above(ratioSeries(slo, alert.shortWindow))];
  if (slo.alerting?.lowTraffic !== undefined) conditions.push(above(ratioSeries(slo, alert.longWindow, recorded.lowerBound)));
  return {
    alert: alertName(slo),
    expr: conditions.map((condition) => `(${condition})`).join(' and ignoring(slo_window) '),
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: alertLabels(slo, alert),
    annotations: alertAnnotations(slo, alert),
  };
}

function ratioSeries(slo: Slo, window: string, name: string = recorded.errorRatio): string {
  return `${name}${labelsText({ slo: slo.name, service: slo.service, slo_window: window })}`;
}
