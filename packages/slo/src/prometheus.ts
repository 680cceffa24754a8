/**
 * Rules for Prometheus, its operator and Google Managed Prometheus, made from objectives, with a promtool test for each file.
 *
 * @packageDocumentation
 */
export { generateRules, ruleGroups } from './prometheus/generate.ts';
export type { GeneratedFile, GenerateOptions, RuleGroupOptions } from './prometheus/generate.ts';
export { inhibitRules } from './prometheus/inhibit.ts';
export type { InhibitRule } from './prometheus/inhibit.ts';
export { lintRules } from './prometheus/lint.ts';
export type { LintCode, LintTarget } from './prometheus/lint.ts';
export type { AlertingRule, RecordingRule, Rule, RuleGroup } from './prometheus/rule.ts';
export type { Layout } from './prometheus/rule-test.ts';
export type { GmpKind, RulesTarget } from './prometheus/targets.ts';
