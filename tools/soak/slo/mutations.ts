import type { Rule, RuleGroup } from '@nines/slo/prometheus';

/** A way to break a rule. */
export type Operator =
  | 'threshold +10 %'
  | 'threshold -10 %'
  | 'window x1/2'
  | 'window x2'
  | 'and or'
  | 'comparison'
  | 'selector dropped'
  | 'for dropped';

/** A rule file with one rule broken in one place. */
export interface Mutant {
  readonly operator: Operator;
  /** Which rule, and what it became. */
  readonly what: string;
  readonly groups: readonly RuleGroup[];
}

/** Every rule broken in every way, once each. */
export function mutantsOf(groups: readonly RuleGroup[]): Mutant[] {
  return groups.flatMap((group, at) =>
    group.rules.flatMap((rule, index) =>
      changesOf(rule).map(([operator, changed]): Mutant => {
        const rules = group.rules.with(index, changed);
        const name =
          'alert' in rule
            ? `${rule.alert} ${rule.labels?.['slo_tier'] ?? rule.labels?.['severity']}`
            : `${rule.record} ${rule.labels?.['slo_window'] ?? ''}`;
        return {
          operator,
          what: `${name}: ${'for' in rule && operator === 'for dropped' ? rule.for : changed.expr}`,
          groups: groups.with(at, { ...group, rules }),
        };
      }),
    ),
  );
}

function changesOf(rule: Rule): [Operator, Rule][] {
  const changes: [Operator, Rule][] = [];
  const change = (operator: Operator, expr: string): void => void (expr === rule.expr || changes.push([operator, { ...rule, expr }]));
  const isAlert = 'alert' in rule;
  if (isAlert) {
    for (const [operator, factor] of [
      ['threshold +10 %', 1.1],
      ['threshold -10 %', 0.9],
    ] as const) {
      eachMatch(rule.expr, /> ([\d.e-]+)/g, ([, number]) => `> ${Number(number) * factor}`).forEach((expr) => change(operator, expr));
    }
    eachMatch(rule.expr, / > /g, () => ' < ').forEach((expr) => change('comparison', expr));
    if (rule.for !== undefined) {
      const { for: _, ...rest } = rule;
      changes.push(['for dropped', rest]);
    }
  } else {
    eachMatch(rule.expr, / > 0/g, () => ' < 0').forEach((expr) => change('comparison', expr));
  }
  // A window stands in a rule more than once, and all of them mean the same.
  change(
    'window x1/2',
    rule.expr.replaceAll(/\[(\w+)\]/g, (_, window: string) => `[${scaled(window, 0.5)}]`),
  );
  change(
    'window x2',
    rule.expr.replaceAll(/\[(\w+)\]/g, (_, window: string) => `[${scaled(window, 2)}]`),
  );
  eachMatch(rule.expr, / (and|or) /g, ([, word]) => (word === 'and' ? ' or ' : ' and ')).forEach((expr) => change('and or', expr));
  const matchers = new Set(rule.expr.match(/\w+(=~|!~|!=|=)"(?:[^"\\]|\\.)*"/g));
  for (const matcher of matchers) {
    // Other objectives are not in the test of this one.
    if (/^(slo|service|sloth_\w+)=/.test(matcher)) continue;
    change('selector dropped', rule.expr.replaceAll(`,${matcher}`, '').replaceAll(`${matcher},`, '').replaceAll(matcher, ''));
  }
  return changes;
}

function eachMatch(text: string, pattern: RegExp, replace: (match: RegExpExecArray) => string): string[] {
  return [...text.matchAll(pattern)].map(
    (match) => text.slice(0, match.index) + replace(match) + text.slice(match.index + match[0].length),
  );
}

function scaled(window: string, factor: number): string {
  const units: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };
  const seconds = [...window.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
  return `${Math.round(seconds * factor)}s`;
}
