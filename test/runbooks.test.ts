import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { lintRules } from '@nines/slo/prometheus';
import { namesOf } from '../tools/queries/promql.ts';
import identity from '../tools/identity/identity.json' with { type: 'json' };
import { ROOT } from '../tools/workspace/packages.ts';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups?: readonly { readonly rules: readonly Rule[] }[];
  readonly spec?: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const find = (pattern: string) =>
  globSync(pattern, { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted();

/** The rules of each kind of Prometheus, and those of the chart, which has some of its own. */
const rules = find('deploy/{rules/*/*.rules.yaml,k8s/*/*.rules.yaml}').flatMap((path) => {
  const { groups, spec } = parse(read(path)) as RuleFile;
  return (groups ?? spec?.groups ?? []).flatMap((group) => group.rules.map((rule) => ({ path, rule })));
});
const alerts = rules.filter(({ rule }) => rule.alert !== undefined);
const runbooks = find('deploy/runbooks/*.md');

test('each alert has a runbook, and each runbook an alert', () => {
  expect(alerts.length).toBeGreaterThan(0);
  expect(runbooks.map((path) => basename(path, '.md'))).toEqual([...new Set(alerts.map(({ rule }) => String(rule.alert)))].toSorted());
});

test('each alert leads to its runbook', () => {
  const wrong = alerts.filter(
    ({ rule }) => rule.annotations?.['runbook_url'] !== `${identity.repository}/blob/main/deploy/runbooks/${rule.alert}.md`,
  );
  expect(wrong.map(({ path, rule }) => `${path}: ${rule.alert}`)).toEqual([]);
});

/** Metrics that docs/metrics.md lists, each with its labels; a histogram is asked for by its series. */
function documentedMetrics(): Map<string, readonly string[]> {
  const rows = [...read('docs/metrics.md').matchAll(/^\| `([\w:]+)` \| (\w+) \| ([^|]*)\|/gm)];
  const entries = rows.flatMap(([, name = '', type, cell = '']): [string, readonly string[]][] => {
    const labels = [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label!);
    if (type !== 'histogram') return [[name, labels]];
    return [
      [`${name}_bucket`, [...labels, 'le']],
      [`${name}_sum`, labels],
      [`${name}_count`, labels],
    ];
  });
  return new Map(entries);
}

const metrics = documentedMetrics();
for (const { rule } of rules) if (rule.record !== undefined) metrics.set(rule.record, ['slo', 'service', 'slo_window']);
/** Labels that whoever scrapes puts on every series. */
const SCRAPED = ['job', 'instance'];

/** What a query names that is not there: metrics, and labels of its selectors and groupings. */
function unknownNames(query: string): string[] {
  const { metrics: used, labels: asked } = namesOf(query);
  const labels = new Set([...SCRAPED, ...used.flatMap((name) => metrics.get(name) ?? [])]);
  return [...used.filter((name) => !metrics.has(name)), ...asked.filter((label) => !labels.has(label))];
}

test.each([
  ['sum by (queue, instance) (rate(nines_queue_attempts_total{queue="a",outcome=~"x|y"}[5m])) > 0.5', []],
  ['nines_queue_attempts_sum', ['nines_queue_attempts_sum']],
  ['histogram_quantile(0.9, sum by (le) (rate(http_server_request_duration_seconds_bucket[5m])))', []],
  ['sum by (reason) (nines_queue_jobs{status="x"})', ['reason', 'status']],
  ['slo:error_ratio{slo_window="1h"} and ignoring(slo_window) nosuch', ['nosuch']],
])('unknownNames of %s', (query, expected) => {
  expect(unknownNames(query)).toEqual(expected);
});

const SECTIONS = ['Meaning', 'Impact', 'First five minutes', 'Diagnosis', 'Mitigation', 'Escalation'];

/** What is written in capitals: variables of the example, codes of errors. */
const VARIABLES = new Set(
  [...`${read('examples/gke-app/README.md')}${read('docs/errors.md')}`.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!),
);

/** The commands that the page of the queue shows or lists. */
const commandLine = /## Command line([\s\S]*?)\n## /.exec(read('packages/queue/README.md'))?.[1] ?? '';
const COMMANDS = new Set([...commandLine.matchAll(/npx nines-queue (\w+)|`(\w+)`/g)].map(([, shown, listed]) => shown ?? listed));

describe.each(runbooks)('%s', (path) => {
  const text = read(path);
  const queries = [...text.matchAll(/```promql\n([\s\S]*?)\n```/g)].map(([, query]) => query!);

  test('has the sections of a runbook, in their order', () => {
    expect(text.startsWith(`# ${basename(path, '.md')}\n`)).toBe(true);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(SECTIONS);
  });

  test('asks in PromQL, for metrics and labels that there are', () => {
    expect(queries.length).toBeGreaterThan(2);
    const findings = lintRules([{ name: 'runbook', rules: queries.map((expr, at) => ({ record: `runbook:query:${at}`, expr })) }]);
    expect(findings).toEqual([]);
    expect(queries.flatMap(unknownNames)).toEqual([]);
  });

  test('names commands and objects of the cluster that there are', () => {
    const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
    const objects = named(/\b((?:deployment|statefulset)\/nines-\w+)/g).filter((name) => {
      const [kind, component] = name.split(/\/nines-/);
      return !read('deploy/k8s/gke/kustomization.yaml').includes(`${component}.${kind}.yaml`);
    });
    const commands = named(/npx nines-queue (\w+)/g).filter((name) => !COMMANDS.has(name));
    const scripts = named(/`(deploy\/scripts\/[\w-]+)/g).filter((script) => find(script).length === 0);
    const variables = named(/`([A-Z]+(?:_[A-Z]+)+)`/g).filter((name) => !VARIABLES.has(name));
    expect({ objects, commands, scripts, variables }).toEqual({ objects: [], commands: [], scripts: [], variables: [] });
  });
});
