/** A rule that records a series. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A rule that raises an alert. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One rule of a group. */
export type Rule = RecordingRule | AlertingRule;

/** Rules that are evaluated together, in this order. */
export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly limit?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
}

/** Whether a rule raises an alert. */
export function isAlert(rule: Rule): rule is AlertingRule {
  return 'alert' in rule;
}
