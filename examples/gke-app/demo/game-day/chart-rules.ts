import type { RuleGroup } from '@nines/slo/prometheus';
import { chartGroups } from '../../../../tools/queries/committed.ts';

/** The alerts that the chart has beside those of the objectives, waiting `factor` times shorter before they fire. */
export function chartRules(factor: number): RuleGroup[] {
  return (chartGroups() as RuleGroup[]).map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ('for' in rule && rule.for !== undefined ? { ...rule, for: shorter(rule.for, factor) } : rule)),
  }));
}

function shorter(duration: string, factor: number): `${number}s` {
  const [, minutes] = /^(\d+)m$/.exec(duration) ?? [];
  if (minutes === undefined) throw new Error(`an alert of the chart waits for whole minutes, got ${duration}`);
  return `${Math.ceil((Number(minutes) * 60) / factor)}s`;
}
