import { rolling, SloError, type Duration, type Slo } from '@nines/slo';
import { writeYaml } from '../yaml.ts';
import { checkNames } from './names.ts';
import { robustGroups } from './robust.ts';
import type { RuleGroup } from './rule.ts';
import { ruleTest, type Layout, type RuleTestFile } from './rule-test.ts';
import { slothGroups } from './sloth.ts';
import { inhibitRules } from './inhibit.ts';
import { rulesText, type GmpKind, type RulesTarget } from './targets.ts';

/** A file that was generated: where it belongs, and its text. Nothing is written; that is the caller's. */
export interface GeneratedFile {
  /** Relative, for example `api-availability.rules.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** What `generateRules` takes beside the objectives. */
export interface GenerateOptions {
  /** `robust` gives true budgets; `sloth` has sloth's names and its mean of ratios. Default `robust`. */
  readonly layout?: Layout;
  /** Default `prometheus`. */
  readonly target?: RulesTarget;
  /** Which kind of Google Managed Prometheus. Default `Rules`. */
  readonly kind?: GmpKind;
  /** The namespace of the objects. Default: the one they are applied to. */
  readonly namespace?: string;
  /** Labels of the objects, not of the series. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How often Google Managed Prometheus evaluates. Default `30s`. */
  readonly interval?: string;
}

/** What `ruleGroups` takes beside the objective. */
export interface RuleGroupOptions {
  /** Default `robust`. */
  readonly layout?: Layout;
  /**
   * Over how long events are counted for the budget; what happened in it enters step by step, so it should be much shorter than the objective's
   * window. Default `5m`, which the dashboards expect; shorter for a rehearsal on a compressed clock. Only `robust`, and only with a rolling window.
   */
  readonly countWindow?: Duration;
}

const layouts: Readonly<Record<Layout, (slo: Slo, countWindow?: Duration) => RuleGroup[]>> = {
  robust: robustGroups,
  sloth: (slo) => slothGroups(slo),
};
const targets: readonly string[] = ['prometheus', 'operator', 'gmp'];
const kinds: readonly string[] = ['Rules', 'ClusterRules', 'GlobalRules'];
const known = ['layout', 'target', 'kind', 'namespace', 'labels', 'interval'];

/**
 * The groups of rules of one objective, as plain data.
 *
 * @param slo - an objective with `sli`
 * @param options - `layout` (default `robust`), `countWindow` (default `5m`)
 * @returns groups, in the order of evaluation
 * @throws SloError `INVALID_OPTION`, `INVALID_DURATION`, `INVALID_PROMQL`, `INVALID_RULES`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling, sli } from '@nines/slo';
 * import { ruleGroups } from '@nines/slo/prometheus';
 *
 * const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events });
 * console.log(ruleGroups(slo)[0]?.rules.length); // 6
 * ```
 */
export function ruleGroups(slo: Slo, options: RuleGroupOptions = {}): readonly RuleGroup[] {
  refuseUnknown('ruleGroups', options, ['layout', 'countWindow']);
  checkNames(slo);
  const layout = oneOf('layout', options.layout ?? 'robust', Object.keys(layouts)) as Layout;
  return layouts[layout](slo, options.countWindow === undefined ? undefined : checkCountWindow(slo, layout, options.countWindow));
}

function checkCountWindow(slo: Slo, layout: Layout, countWindow: Duration): Duration {
  const { seconds } = rolling(countWindow);
  if (layout !== 'robust' || slo.window.type !== 'rolling' || seconds >= slo.window.seconds) {
    const allowed = 'needs the layout robust and a rolling window, and must be shorter than that window';
    throw new SloError('INVALID_OPTION', `countWindow ${allowed} (${layout}, ${slo.window.duration}), got ${JSON.stringify(countWindow)}`);
  }
  return countWindow;
}

/**
 * Rule files for objectives, one document a file, and with rules for Prometheus a promtool test beside each file. Every expression has passed
 * a PromQL parser, and every file the checks of its target; if one objective is refused, nothing comes back.
 *
 * Run the tests with `promtool test rules *.test.yaml`.
 *
 * @param slos - objectives with `sli`; no two of one service may have the same name
 * @param options - layout, target, and what Kubernetes objects need
 * @returns files, sorted by path
 * @throws SloError `INVALID_OPTION`, `INVALID_PROMQL`, `INVALID_RULES`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling, sli } from '@nines/slo';
 * import { generateRules } from '@nines/slo/prometheus';
 *
 * const events = sli.ratio({ bad: 'requests_total{code=~"5.."}', total: 'requests_total' });
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events, alerting: googleSre() });
 * console.log(generateRules([slo]).map(({ path }) => path).join(', ')); // api-availability.rules.yaml, api-availability.test.yaml, inhibit-rules.yaml
 * ```
 */
export function generateRules(slos: readonly Slo[], options: GenerateOptions = {}): readonly GeneratedFile[] {
  refuseUnknown('generateRules', options, known);
  const layout = oneOf('layout', options.layout ?? 'robust', Object.keys(layouts)) as Layout;
  const target = oneOf('target', options.target ?? 'prometheus', targets) as RulesTarget;
  const kind = oneOf('kind', options.kind ?? 'Rules', kinds) as GmpKind;
  const object = { target, kind, namespace: options.namespace, labels: options.labels ?? {}, interval: options.interval ?? '30s' };
  refuseDuplicates(slos);
  const files: GeneratedFile[] = [];
  for (const slo of slos) {
    const stem = `${slo.service}-${slo.name}`;
    const groups = ruleGroups(slo, { layout });
    files.push({ path: `${stem}.rules.yaml`, text: rulesText(slo, groups, object) });
    if (target === 'prometheus')
      files.push({ path: `${stem}.test.yaml`, text: testText(ruleTest(slo, layout, { ruleFile: `${stem}.rules.yaml`, groups })) });
  }
  if (target === 'prometheus' && layout === 'robust') files.push({ path: 'inhibit-rules.yaml', text: inhibitText(slos) });
  return Object.freeze(files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
}

function testText(test: RuleTestFile): string {
  return `# Generated by @nines/slo: do not edit. Run: promtool test rules *.test.yaml\n${writeYaml(test)}`;
}

function inhibitText(slos: readonly Slo[]): string {
  return `# Generated by @nines/slo: do not edit. Belongs into the configuration of Alertmanager.\n${writeYaml({ inhibit_rules: inhibitRules(slos) })}`;
}

function refuseDuplicates(slos: readonly Slo[]): void {
  const seen = new Set<string>();
  for (const [index, { service, name }] of slos.entries()) {
    const stem = `${service}-${name}`;
    if (seen.has(stem))
      throw new SloError('INVALID_OPTION', `slos[${index}]: no two objectives may be called ${JSON.stringify(stem)} (service-name)`);
    seen.add(stem);
  }
}

function refuseUnknown(where: string, options: object, allowed: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !allowed.includes(name));
  if (unknown !== undefined)
    throw new SloError('UNKNOWN_OPTION', `${where} has no option ${JSON.stringify(unknown)}; it knows ${allowed.join(', ')}`);
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (!allowed.includes(value)) throw new SloError('INVALID_OPTION', `${name} must be ${allowed.join(', ')}, got ${JSON.stringify(value)}`);
  return value;
}
