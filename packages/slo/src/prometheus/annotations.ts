import type { Alert, Slo } from '@nines/slo';
import { sloLabels } from './names.ts';
import { recorded } from './period-rules.ts';

/** Who is called, how urgent it is among the objective's alerts, and over which windows. */
export function alertLabels(slo: Slo, alert: Alert): Readonly<Record<string, string>> {
  return {
    ...sloLabels(slo),
    severity: alert.severity,
    slo_tier: String(alert.tier),
    long_window: alert.longWindow,
    short_window: alert.shortWindow,
  };
}

/** What the one who is called reads first. The two figures are looked up when the alert fires. */
export function alertAnnotations(slo: Slo, alert: Alert): Readonly<Record<string, string>> {
  return {
    summary: `${slo.service}: ${slo.name} spends its error budget more than ${round(alert.factor)} times as fast as ${slo.objective} allows`,
    description: `Over ${alert.longWindow} and over ${alert.shortWindow} more than ${percent(alert.threshold)} were bad; an hour at that pace is ${percent((alert.factor * 3_600) / slo.window.seconds)} of the budget of ${slo.window.duration}.${slo.description === undefined ? '' : ` ${slo.description}`}`,
    budget_spent: look(slo, recorded.spent, 'humanizePercentage'),
    time_to_exhaustion: look(slo, recorded.exhaustion, 'humanizeDuration'),
    ...(slo.runbook === undefined ? {} : { runbook_url: slo.runbook }),
  };
}

function look({ name, service }: Slo, series: string, format: string): string {
  // Single quotes inside: the query stands in a text of the template language.
  const query = `${series}{slo='${name}',service='${service}'}`;
  return `{{ with query "${query}" }}{{ . | first | value | ${format} }}{{ else }}unknown{{ end }}`;
}

function percent(ratio: number): string {
  return `${round(ratio * 100)} %`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
