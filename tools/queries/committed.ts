import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { experiments } from '../chaos/experiment.ts';
import { ROOT } from '../workspace/packages.ts';

/** A query that somebody will ask at night, and where it stands. */
export interface CommittedQuery {
  readonly kind: 'panel' | 'alert' | 'recording rule' | 'runbook' | 'experiment';
  /** `golden-signals: api: Latency`, `BreakerOpen`. */
  readonly where: string;
  readonly query: string;
}

/** A rule as Prometheus reads it. */
export interface CommittedRule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CommittedGroup {
  readonly name: string;
  readonly rules: readonly CommittedRule[];
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const find = (pattern: string) => globSync(pattern, { cwd: ROOT }).toSorted();

/** The rules of the objectives, and those that the chart adds of its own. */
export function committedGroups(): CommittedGroup[] {
  return [...objectiveGroups(), ...chartGroups()];
}

function objectiveGroups(): CommittedGroup[] {
  return find('deploy/rules/prometheus/*.rules.yaml').flatMap((path) => (parse(read(path)) as { groups: CommittedGroup[] }).groups);
}

/** What the chart has beside the rules of the objectives. */
export function chartGroups(): CommittedGroup[] {
  const { spec } = parse(read('deploy/k8s/gke/objectives.rules.yaml')) as { spec: { groups: CommittedGroup[] } };
  const names = new Set(objectiveGroups().map(({ name }) => name));
  // Plain Prometheus takes its own interval.
  return spec.groups.filter(({ name }) => !names.has(name)).map(({ name, rules }) => ({ name, rules }));
}

/** Every query of every committed dashboard, rule, runbook and experiment. */
export function committedQueries(): CommittedQuery[] {
  return [...panels(), ...rules(), ...runbooks(), ...steadyStates()];
}

interface GrafanaPanel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

function panels(): CommittedQuery[] {
  return find('deploy/dashboards/*.json').flatMap((path) => {
    const { panels: all } = JSON.parse(read(path)) as { readonly panels: readonly GrafanaPanel[] };
    let row = '';
    return all.flatMap(({ type, title, targets = [] }) => {
      if (type === 'row') row = title;
      const where = `${basename(path, '.json')}: ${row}: ${title}`;
      return targets.map(({ expr }): CommittedQuery => ({ kind: 'panel', where, query: plain(where, expr) }));
    });
  });
}

/** The query as Prometheus gets it: Grafana puts values for its variables, and the dashboards ask for none, so that others can import them too. */
function plain(where: string, query: string): string {
  if (query.includes('$')) throw new Error(`${where}: a query may hold no variable of Grafana, got ${query}`);
  return query;
}

function rules(): CommittedQuery[] {
  return committedGroups().flatMap((group) =>
    group.rules.map(({ alert, record, expr }): CommittedQuery => {
      if (alert !== undefined) return { kind: 'alert', where: alert, query: expr };
      return { kind: 'recording rule', where: `${group.name}: ${record}`, query: expr };
    }),
  );
}

function runbooks(): CommittedQuery[] {
  return find('deploy/runbooks/*.md').flatMap((path) =>
    [...read(path).matchAll(/```promql\n([\s\S]*?)\n```/g)].map(([, query = '']): CommittedQuery => ({
      kind: 'runbook',
      where: basename(path, '.md'),
      query,
    })),
  );
}

function steadyStates(): CommittedQuery[] {
  return experiments().flatMap(({ id, steadyState }) =>
    steadyState.queries.map(({ what, query }): CommittedQuery => ({ kind: 'experiment', where: `${id}: ${what}`, query })),
  );
}
