import type { Finding } from '@nines/slo';
import { syntaxFault } from './promql.ts';
import { isAlert, type Rule, type RuleGroup } from './rule.ts';

/** Who evaluates the rules. GMP's three kinds differ in the labels that they set themselves. */
export type LintTarget = 'prometheus' | 'operator' | 'Rules' | 'ClusterRules' | 'GlobalRules';

/** What `lintRules` may find: the code of a finding. The list is closed. */
export type LintCode =
  | 'duplicate-group'
  | 'duplicate-rule'
  | 'empty-group'
  | 'gmp-group-labels'
  | 'gmp-interval'
  | 'gmp-keep-firing-for'
  | 'gmp-limit'
  | 'gmp-reserved-label'
  | 'invalid-label'
  | 'invalid-name'
  | 'invalid-promql'
  | 'missing-severity'
  | 'missing-summary';

/** Labels that Google Managed Prometheus sets on what a rule records, per kind. */
const reserved: Readonly<Record<'Rules' | 'ClusterRules' | 'GlobalRules', readonly string[]>> = {
  Rules: ['project_id', 'location', 'cluster', 'namespace'],
  ClusterRules: ['project_id', 'location', 'cluster'],
  GlobalRules: [],
};

/**
 * Looks for what the target of the rules would refuse, or what would surprise at night. Nothing is thrown: the findings say it.
 *
 * @param groups - groups of rules, as in a rule file
 * @param options - `target` (default `prometheus`)
 * @returns findings with code, path and message; empty when all is well
 * @example
 * ```ts
 * import { lintRules } from '@nines/slo/prometheus';
 *
 * const groups = [{ name: 'g', interval: '1m', rules: [{ record: 'a:b', expr: 'sum(up', labels: { cluster: 'x' } }] }];
 * console.log(lintRules(groups, { target: 'Rules' }).map(({ code, path }) => `${code} ${path}`).join(', ')); // invalid-promql groups[0].rules[0].expr, gmp-reserved-label groups[0].rules[0].labels.cluster
 * ```
 */
export function lintRules(groups: readonly RuleGroup[], options: { readonly target?: LintTarget } = {}): readonly Finding[] {
  const target = options.target ?? 'prometheus';
  const found: Finding[] = [];
  const report: Report = (code, path, message) => void found.push(Object.freeze({ code, path, message }));
  const names = new Set<string>();
  for (const [at, group] of groups.entries()) {
    const path = `groups[${at}]`;
    if (names.has(group.name))
      report('duplicate-group', `${path}.name`, `the name of a group must be unique, got ${show(group.name)} twice`);
    names.add(group.name);
    if (group.rules.length === 0) report('empty-group', `${path}.rules`, 'a group must have a rule, got none');
    if (isGmp(target)) lintGmpGroup(group, path, report);
    const seen = new Set<string>();
    for (const [index, rule] of group.rules.entries()) {
      const where = `${path}.rules[${index}]`;
      lintRule(rule, where, report);
      if (isGmp(target)) lintGmpRule(rule, where, target, report);
      const identity = JSON.stringify([
        isAlert(rule) ? rule.alert : rule.record,
        Object.entries(rule.labels ?? {})
          .map(([label, value]) => `${label}=${value}`)
          .toSorted(),
      ]);
      if (seen.has(identity)) report('duplicate-rule', where, 'name and labels of a rule must be unique in its group, got the same twice');
      seen.add(identity);
    }
  }
  return Object.freeze(found);
}

type Report = (code: LintCode, path: string, message: string) => void;

function isGmp(target: LintTarget): target is keyof typeof reserved {
  return Object.hasOwn(reserved, target);
}

function lintRule(rule: Rule, path: string, report: Report): void {
  const fault = syntaxFault(rule.expr);
  if (fault !== undefined) {
    report('invalid-promql', `${path}.expr`, `expr must be PromQL, got ${show(rule.expr)}: it breaks at character ${fault + 1}`);
  }
  const [key, name] = isAlert(rule) ? (['alert', rule.alert] as const) : (['record', rule.record] as const);
  if (!(isAlert(rule) ? /^\w[\w-]*$/ : /^[a-zA-Z_:][\w:]*$/).test(name)) {
    report('invalid-name', `${path}.${key}`, `${key} must be letters, digits, _ and ${isAlert(rule) ? '-' : ':'}, got ${show(name)}`);
  }
  for (const label of Object.keys(rule.labels ?? {})) {
    if (!/^[a-zA-Z_]\w*$/.test(label) || label === '__name__') {
      report('invalid-label', `${path}.labels.${label}`, `the name of a label must be letters, digits and _, got ${show(label)}`);
    }
  }
  if (!isAlert(rule)) return;
  if (rule.labels?.['severity'] === undefined)
    report('missing-severity', `${path}.labels`, 'an alert must say by the label severity who is called, got none');
  if (rule.annotations?.['summary'] === undefined)
    report('missing-summary', `${path}.annotations`, 'an alert must have the annotation summary, got none');
}

function lintGmpGroup(group: RuleGroup, path: string, report: Report): void {
  if (group.limit !== undefined)
    report('gmp-limit', `${path}.limit`, `Google Managed Prometheus knows no limit of a group, got ${group.limit}`);
  if (group.labels !== undefined)
    report('gmp-group-labels', `${path}.labels`, 'Google Managed Prometheus knows no labels of a group: put them on each rule');
  if (group.interval === undefined)
    report('gmp-interval', `${path}.interval`, 'Google Managed Prometheus needs the interval of a group, such as 30s, got none');
}

function lintGmpRule(rule: Rule, path: string, target: keyof typeof reserved, report: Report): void {
  if (isAlert(rule) && rule.keep_firing_for !== undefined) {
    report(
      'gmp-keep-firing-for',
      `${path}.keep_firing_for`,
      `Google Managed Prometheus knows no keep_firing_for, got ${show(rule.keep_firing_for)}`,
    );
  }
  for (const label of reserved[target]) {
    if (rule.labels?.[label] === undefined) continue;
    const allowed = `${target} sets ${reserved[target].join(', ')} itself: use another label`;
    report('gmp-reserved-label', `${path}.labels.${label}`, `${allowed}, got ${label}: ${show(rule.labels[label])}`);
  }
}

function show(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
