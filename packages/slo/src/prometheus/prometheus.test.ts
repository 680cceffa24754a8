import { describe, expect, it } from 'vitest';
import { calendar, defineSlo, googleSre, rolling, sli, type SloOptions } from '@nines/slo';
import { generateRules, inhibitRules, lintRules, ruleGroups, type RuleGroup } from '@nines/slo/prometheus';
import { parseYaml } from '../yaml.ts';
import { labelsFor } from './label-example.ts';
import { parseSelector, selectorText } from './promql.ts';

const events = sli.ratio({ bad: 'requests_total{code=~"5.."}', total: 'requests_total' });
const options: SloOptions = {
  name: 'availability',
  service: 'api',
  objective: '99.9%',
  window: rolling('30d'),
  sli: events,
  alerting: googleSre(),
};
const slo = defineSlo(options);
const alerts = (groups: readonly RuleGroup[]) => groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
const valueOf = (text: string | undefined) =>
  parseYaml(text ?? '').documents.map(({ value }) => value) as { kind?: string; spec?: { groups: RuleGroup[] }; groups?: RuleGroup[] }[];

describe('generateRules', () => {
  it('writes the same groups for each target, one document a file', () => {
    const groups = (['prometheus', 'operator', 'gmp'] as const).map((target) => {
      const documents = valueOf(generateRules([slo], { target }).find(({ path }) => path === 'api-availability.rules.yaml')?.text);
      expect(documents).toHaveLength(1);
      return documents[0]?.groups ?? documents[0]?.spec?.groups;
    });
    expect(groups[1]).toEqual(groups[0]);
    expect(groups[2]).toEqual(groups[0]?.map((group) => ({ ...group, interval: '30s' })));
  });

  it('knows the kinds of Google Managed Prometheus, and gives a namespace only to the one that has it', () => {
    const metadata = (kind: 'Rules' | 'ClusterRules' | 'GlobalRules') =>
      valueOf(generateRules([slo], { target: 'gmp', kind, namespace: 'shop', labels: { app: 'x' } })[0]?.text)[0];
    expect(metadata('Rules')).toMatchObject({
      apiVersion: 'monitoring.googleapis.com/v1',
      kind: 'Rules',
      metadata: { namespace: 'shop', labels: { app: 'x' } },
    });
    expect(metadata('ClusterRules')).toMatchObject({ kind: 'ClusterRules', metadata: { name: 'api-availability', labels: { app: 'x' } } });
    expect(JSON.stringify(metadata('GlobalRules'))).not.toContain('"shop"');
  });

  it('counts over five minutes for the budget, or over what somebody says, and names the series after it', () => {
    expect(ruleGroups(slo, { countWindow: '5m' })).toEqual(ruleGroups(slo));
    const rules = ruleGroups(slo, { countWindow: '7s' })[0]?.rules ?? [];
    const recorded = rules.flatMap((rule) => ('record' in rule ? [rule] : []));
    expect(recorded.slice(1, 3)).toMatchObject([
      { record: 'slo:events_total:increase7s', expr: 'sum(increase(requests_total[7s]))' },
      { record: 'slo:events_bad:increase7s' },
    ]);
    const period = recorded.find(({ labels }) => labels?.['slo_window'] === '30d')?.expr;
    expect(period).toContain('sum_over_time(slo:events_bad:increase7s{slo="availability",service="api"}[30d])');
    expect(JSON.stringify(rules)).not.toContain('increase5m');
  });

  it('has thresholds without a tail for every number of nines', () => {
    for (const objective of ['50%', '99.9%', '99.99%', '99.999%', '99.9999%']) {
      const groups = ruleGroups(defineSlo({ ...options, objective, alerting: googleSre({ unreachable: 'drop' }) }));
      const numbers = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/(?<=[ (])\d[\d.e-]*(?=[ )]|$)/g) ?? []));
      expect(numbers.length).toBeGreaterThan(8);
      for (const number of numbers) expect(number).toBe(String(Number(Number(number).toPrecision(12))));
    }
  });

  it.each<[string, () => unknown, string, string]>([
    [
      'an objective without an sli',
      () => generateRules([defineSlo({ ...options, sli: undefined } as never)]),
      'INVALID_OPTION',
      'must say what is measured (sli)',
    ],
    [
      'two objectives of one name',
      () => generateRules([slo, slo]),
      'INVALID_OPTION',
      'slos[1]: no two objectives may be called "api-availability"',
    ],
    [
      'a name that cannot name a file',
      () => generateRules([defineSlo({ ...options, name: 'a/b' })]),
      'INVALID_OPTION',
      'name must be letters, digits and hyphens',
    ],
    [
      'an unknown option',
      () => generateRules([slo], { layuot: 'robust' } as never),
      'UNKNOWN_OPTION',
      'generateRules has no option "layuot"',
    ],
    [
      'a count window that is no duration',
      () => ruleGroups(slo, { countWindow: '5' }),
      'INVALID_DURATION',
      'must be a duration from 1s to 3660d',
    ],
    [
      'a count window as long as the objective',
      () => ruleGroups(slo, { countWindow: '30d' }),
      'INVALID_OPTION',
      'must be shorter than that window (robust, 30d), got "30d"',
    ],
    [
      'a count window for the layout that has none',
      () => ruleGroups(slo, { countWindow: '5s', layout: 'sloth' }),
      'INVALID_OPTION',
      'countWindow needs the layout robust',
    ],
    [
      'an unknown layout',
      () => generateRules([slo], { layout: 'pyrra' as never }),
      'INVALID_OPTION',
      'layout must be robust, sloth, got "pyrra"',
    ],
    [
      'a selector that is no PromQL',
      () => generateRules([defineSlo({ ...options, sli: sli.ratio({ bad: 'a{b="c}', total: 'a' }) })]),
      'INVALID_PROMQL',
      'sli.bad must be PromQL, got "a{b=\\"c}": it breaks at character',
    ],
    [
      'a query where a selector must be',
      () => generateRules([defineSlo({ ...options, sli: sli.ratio({ bad: 'rate(a[5m])', total: 'a' }) })]),
      'INVALID_PROMQL',
      'sli.bad must be a selector',
    ],
    [
      'a query of its own that is none',
      () => generateRules([defineSlo({ ...options, sli: sli.raw({ bad: 'sum(a[$window]', total: 'sum(a[$window])' }) })]),
      'INVALID_PROMQL',
      'sli.bad must be PromQL',
    ],
    [
      'a label that Google Managed Prometheus sets itself',
      () => generateRules([defineSlo({ ...options, labels: { cluster: 'x' } })], { target: 'gmp' }),
      'INVALID_RULES',
      'gmp-reserved-label at groups[0].rules[0].labels.cluster: Rules sets project_id, location, cluster, namespace itself',
    ],
    [
      'days of the calendar elsewhere than in UTC',
      () =>
        generateRules([
          defineSlo({
            ...options,
            alerting: googleSre({ windows: [{ severity: 'page', longWindow: '1h', shortWindow: '5m', factor: 5 }] }),
            window: calendar({ unit: 'day', timeZone: 'Asia/Tokyo' }),
          }),
        ]),
      'INVALID_RULES',
      'must be in UTC, got Asia/Tokyo',
    ],
    [
      'gauges in the layout of sloth',
      () => generateRules([defineSlo({ ...options, sli: sli.boolean({ gauge: 'up' }) })], { layout: 'sloth' }),
      'INVALID_RULES',
      "use layout 'robust'",
    ],
  ])('refuses %s, and gives nothing back', (_, make, code, message) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});

describe('the sloth layout', () => {
  it("has sloth's groups, names and labels, with exact thresholds", () => {
    const groups = ruleGroups(slo, { layout: 'sloth' });
    expect(groups.map(({ name }) => name)).toEqual([
      'sloth-slo-sli-recordings-api-availability',
      'sloth-slo-meta-recordings-api-availability',
      'sloth-slo-alerts-api-availability',
    ]);
    expect(groups[0]?.rules.map((rule) => ('record' in rule ? rule.record : ''))).toEqual(
      ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'].map((window) => `slo:sli_error:ratio_rate${window}`),
    );
    expect(groups[0]?.rules[0]?.labels).toEqual({
      sloth_id: 'api-availability',
      sloth_service: 'api',
      sloth_slo: 'availability',
      sloth_window: '5m',
    });
    expect(alerts(groups).map(({ labels }) => labels?.['sloth_severity'])).toEqual(['page', 'ticket']);
    expect(alerts(groups)[0]?.expr).toContain('> 0.0144');
  });
});

describe('lintRules', () => {
  const rule = { alert: 'A', expr: 'up == 0', labels: { severity: 'page' }, annotations: { summary: 's' } };
  const codes = (group: Partial<RuleGroup>, target: 'prometheus' | 'Rules' | 'ClusterRules' | 'GlobalRules' = 'prometheus') =>
    lintRules([{ name: 'g', interval: '1m', rules: [rule], ...group }], { target }).map(({ code }) => code);

  it('finds nothing in what is generated', () => {
    expect(lintRules(ruleGroups(slo))).toEqual([]);
  });

  it('finds what any Prometheus would refuse, or nobody would be called by', () => {
    expect(codes({ rules: [{ ...rule, expr: 'sum(' }] })).toEqual(['invalid-promql']);
    expect(codes({ rules: [{ record: 'a b', expr: 'up' }] })).toEqual(['invalid-name']);
    expect(codes({ rules: [{ record: 'a:b', expr: 'up', labels: { 'c-d': 'e' } }] })).toEqual(['invalid-label']);
    expect(codes({ rules: [{ alert: 'A', expr: 'up' }] })).toEqual(['missing-severity', 'missing-summary']);
    expect(codes({ rules: [rule, rule] })).toEqual(['duplicate-rule']);
    expect(codes({ rules: [] })).toEqual(['empty-group']);
    expect(
      lintRules([
        { name: 'g', rules: [rule] },
        { name: 'g', rules: [rule] },
      ]).map(({ code, path }) => `${code} ${path}`),
    ).toEqual(['duplicate-group groups[1].name']);
  });

  it('finds what Google Managed Prometheus refuses, by kind', () => {
    expect(codes({ limit: 3, labels: { a: 'b' } }, 'Rules')).toEqual(['gmp-limit', 'gmp-group-labels']);
    expect(lintRules([{ name: 'g', rules: [rule] }], { target: 'Rules' }).map(({ code }) => code)).toEqual(['gmp-interval']);
    expect(codes({ rules: [{ ...rule, keep_firing_for: '5m' }] }, 'GlobalRules')).toEqual(['gmp-keep-firing-for']);
    const labelled = { rules: [{ ...rule, labels: { severity: 'page', project_id: 'a', location: 'b', cluster: 'c', namespace: 'd' } }] };
    expect(codes(labelled, 'Rules')).toHaveLength(4);
    expect(codes(labelled, 'ClusterRules')).toHaveLength(3);
    expect(codes(labelled, 'GlobalRules')).toEqual([]);
    expect(codes(labelled)).toEqual([]);
  });
});

it('inhibitRules silences each slower alert of the same objective', () => {
  expect(inhibitRules([slo])).toEqual([
    { source_matchers: ['slo_tier="1"'], target_matchers: ['slo_tier=~"2|3|4"'], equal: ['service', 'slo'] },
    { source_matchers: ['slo_tier="2"'], target_matchers: ['slo_tier=~"3|4"'], equal: ['service', 'slo'] },
    { source_matchers: ['slo_tier="3"'], target_matchers: ['slo_tier=~"4"'], equal: ['service', 'slo'] },
  ]);
});

describe('selectors', () => {
  it.each(['a', 'a{b="c"}', 'a{b="c",d=~"e.*",f!="g",h!~"i|j"}', 'a{b="q\\"uote\\\\"}'])('%s is read and written the same', (text) => {
    expect(selectorText(parseSelector('x', text))).toBe(text);
  });

  it('take the name from a matcher, and single quotes', () => {
    expect(selectorText(parseSelector('x', `{__name__="a", b='c'}`))).toBe('a{b="c"}');
  });

  it.each([
    ['code=~"5.."', '500'],
    ['code=~"5..|429"', '500'],
    ['code!~"2..|3.."', 'other'],
    ['code=~"[45]\\\\d\\\\d"', '400'],
    ['code=~"(a|b)+c{3}d?"', 'accc'],
    ['code=~"x.*"', 'x'],
  ])('have an example for %s', (matcher, example) => {
    expect(labelsFor(parseSelector('x', `a{${matcher}}`).matchers)).toEqual({ code: example });
  });
});
