import { alertsOf, type Alert, type AlertSeverity, type Slo, SloError } from '@nines/slo';
import { indicatorOf } from './indicator.ts';
import { alertName } from './names.ts';
import { labelsText } from './promql.ts';
import type { AlertingRule, RecordingRule, RuleGroup } from './rule.ts';

/**
 * The layout of sloth: its groups, its names and its labels, for who has dashboards on them. Ratios are recorded, and the period is the mean of
 * the five-minute ones; what that costs is told in the migration guide. Thresholds are exact, so it differs from the original at equality only.
 */
export function slothGroups(slo: Slo): RuleGroup[] {
  const id = `${slo.service}-${slo.name}`;
  const alerts = alertsOf(slo);
  const groups: RuleGroup[] = [
    { name: `sloth-slo-sli-recordings-${id}`, rules: sliRules(slo, alerts) },
    { name: `sloth-slo-meta-recordings-${id}`, rules: metaRules(slo) },
  ];
  const combined = (['page', 'ticket'] as const).flatMap((severity) => alertRule(slo, alerts, severity));
  return combined.length === 0 ? groups : [...groups, { name: `sloth-slo-alerts-${id}`, rules: combined }];
}

function slothLabels(slo: Slo): Readonly<Record<string, string>> {
  return { ...slo.labels, sloth_id: `${slo.service}-${slo.name}`, sloth_service: slo.service, sloth_slo: slo.name };
}

/** The labels that the expressions select by; sloth's own three. */
function own(slo: Slo): string {
  return labelsText({ sloth_id: `${slo.service}-${slo.name}`, sloth_service: slo.service, sloth_slo: slo.name });
}

function sliRules(slo: Slo, alerts: readonly Alert[]): RecordingRule[] {
  const indicator = indicatorOf(slo);
  if (indicator.kind !== 'events' || slo.window.type !== 'rolling' || slo.alerting?.lowTraffic !== undefined) {
    throw new SloError(
      'INVALID_RULES',
      `the sloth layout has ratios of events, rolling windows and no statistics, objective ${JSON.stringify(slo.name)} needs more: use layout 'robust'`,
    );
  }
  const seconds = new Map<string, number>([['5m', 300]]);
  for (const alert of alerts) seconds.set(alert.shortWindow, alert.shortSeconds).set(alert.longWindow, alert.longSeconds);
  const windows = [...seconds.keys()]
    .filter((window) => window !== slo.window.duration)
    .toSorted((a, b) => (seconds.get(a) ?? 0) - (seconds.get(b) ?? 0));
  const labelled = (window: string) => ({ ...slothLabels(slo), sloth_window: window });
  const rules = windows.map((window): RecordingRule => {
    const { bad, total } = indicator.over(window);
    return { record: `slo:sli_error:ratio_rate${window}`, expr: `${bad} / ${total}`, labels: labelled(window) };
  });
  const short = `slo:sli_error:ratio_rate5m${own(slo)}[${slo.window.duration}]`;
  const period = `sum_over_time(${short}) / ignoring (sloth_window) count_over_time(${short})`;
  return [...rules, { record: `slo:sli_error:ratio_rate${slo.window.duration}`, expr: period, labels: labelled(slo.window.duration) }];
}

function metaRules(slo: Slo): RecordingRule[] {
  const labels = slothLabels(slo);
  const on = 'on(sloth_id, sloth_slo, sloth_service) group_left';
  const budget = `slo:error_budget:ratio${own(slo)}`;
  const rate = (window: string): string => `slo:sli_error:ratio_rate${window}${own(slo)} / ${on} ${budget}`;
  return [
    { record: 'slo:objective:ratio', expr: `vector(${slo.target})`, labels },
    { record: 'slo:error_budget:ratio', expr: `vector(${slo.budget})`, labels },
    { record: 'slo:time_period:days', expr: `vector(${slo.window.seconds / 86_400})`, labels },
    { record: 'slo:current_burn_rate:ratio', expr: rate('5m'), labels },
    { record: 'slo:period_burn_rate:ratio', expr: rate(slo.window.duration), labels },
    { record: 'slo:period_error_budget_remaining:ratio', expr: `1 - slo:period_burn_rate:ratio${own(slo)}`, labels },
    {
      record: 'sloth_slo_info',
      expr: 'vector(1)',
      labels: {
        ...labels,
        sloth_mode: 'nines-slo',
        sloth_objective: String(Number((slo.target * 100).toPrecision(15))),
        sloth_spec: 'prometheus/v1',
        sloth_version: '0',
      },
    },
  ];
}

/** The pairs of one severity in one alert, joined by `or`: it pages on until the slowest of them resets. */
function alertRule(slo: Slo, alerts: readonly Alert[], severity: AlertSeverity): AlertingRule[] {
  const pairs = alerts.filter((alert) => alert.severity === severity);
  if (pairs.length === 0) return [];
  const above = (window: string, threshold: number): string =>
    `max(slo:sli_error:ratio_rate${window}${own(slo)} > ${threshold}) without (sloth_window)`;
  const exprs = pairs.map(
    ({ longWindow, shortWindow, threshold }) => `(${above(shortWindow, threshold)} and ${above(longWindow, threshold)})`,
  );
  const wait = pairs.find((pair) => pair.for !== undefined)?.for;
  return [
    {
      alert: alertName(slo),
      expr: exprs.join(' or '),
      ...(wait === undefined ? {} : { for: wait }),
      labels: { ...slo.labels, severity, sloth_severity: severity },
      annotations: {
        summary: `{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.`,
        title: `(${severity}) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.`,
        ...(slo.runbook === undefined ? {} : { runbook_url: slo.runbook }),
      },
    },
  ];
}
