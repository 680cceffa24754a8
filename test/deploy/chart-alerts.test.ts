import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CustomResources } from '../../tools/deploy/custom-resources.ts';
import { parseManifests } from '../../tools/deploy/manifests.ts';
import { K8S } from '../../tools/deploy/render.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

vi.setConfig({ testTimeout: 120_000 });

const [rules] = parseManifests(readFileSync(join(K8S, 'gke', 'objectives.rules.yaml'), 'utf8'));
const { groups } = rules!.spec as CustomResources['Rules']['spec'];
const alerts = groups.flatMap((group) => group.rules.filter((rule) => 'alert' in rule));

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const scratch = mkdtempSync(join(tmpdir(), 'nines-alerts-'));
const file = join(scratch, 'rules.json');
beforeAll(() => writeFileSync(file, JSON.stringify({ groups })));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Series, as promtool writes them: one sample a minute, for two hours. */
type Series = readonly (readonly [series: string, values: string])[];

const requests = (good: number, bad: number): Series => [
  ['http_server_request_duration_seconds_count{http_route="/process",http_response_status_code="202"}', `0+${good}x120`],
  ['http_server_request_duration_seconds_count{http_route="/process",http_response_status_code="503"}', `0+${bad}x120`],
];
const within = (metric: string, labels: string, le: string, good: number): Series => [
  [`${metric}_bucket{${labels},le="${le}"}`, `0+${good}x120`],
  [`${metric}_count{${labels}}`, '0+100x120'],
];
const attempts = (good: number, bad: number): Series => [
  ['nines_queue_attempts_total{queue="deliveries",outcome="completed"}', `0+${good}x120`],
  ['nines_queue_attempts_total{queue="deliveries",outcome="retried"}', `0+${bad}x120`],
];
const latency = (good: number) => within('http_server_request_duration_seconds', 'http_route="/process"', '0.25', good);
const wait = (le: string, good: number) => within('nines_queue_wait_duration_seconds', 'queue="deliveries"', le, good);
const breaker = (state: string): Series => [[`resilience_circuit_breakers{pipeline="mine",state="${state}"}`, '1x120']];
/** A circuit that is scraped in the middle of a probe at every other minute. */
const probing: Series = [
  ['resilience_circuit_breakers{pipeline="mine",state="open"}', `${'1 0 '.repeat(60)}1`],
  ['resilience_circuit_breakers{pipeline="mine",state="half_open"}', `${'0 1 '.repeat(60)}0`],
];
const oldest = (seconds: number): Series => [['nines_queue_oldest_age_seconds{queue="deliveries"}', `${seconds}x120`]];

/** Whether the quickest alert of an objective fires; what its annotations say depends on the moment. */
function promtoolFiring(alertname: string, series: Series, firing: boolean): string {
  const expr = `count(ALERTS{alertname="${alertname}",slo_tier="1",alertstate="firing"}) or vector(0)`;
  const input = series.map(([name, values]) => ({ series: name, values }));
  const wanted = [{ expr, eval_time: '90m', exp_samples: [{ labels: '{}', value: firing ? 1 : 0 }] }];
  return runTest({ interval: '1m', input_series: input, promql_expr_test: wanted });
}

function promtool(alertname: string, series: Series, fires: Readonly<Record<string, string>> | undefined): string {
  const { labels, annotations } = alerts.find(({ alert }) => alert === alertname)!;
  const summary = annotations!['summary']!.replaceAll('{{ $labels.pipeline }}', 'mine');
  const expected = fires === undefined ? [] : [{ exp_labels: { ...labels, ...fires }, exp_annotations: { ...annotations, summary } }];
  const input = series.map(([name, values]) => ({ series: name, values }));
  return runTest({ interval: '1m', input_series: input, alert_rule_test: [{ eval_time: '90m', alertname, exp_alerts: expected }] });
}

function runTest(test: object): string {
  const unit = join(scratch, 'test.json');
  writeFileSync(unit, JSON.stringify({ rule_files: [file], evaluation_interval: '1m', tests: [test] }));
  return runPromtool(unit);
}

function runPromtool(...tests: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', ...tests], { encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

// Without promtool (Debian: prometheus) these are skipped and counted.
describe.skipIf(!hasPromtool)('alerts', () => {
  test('are rules that Prometheus takes', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain(`${groups.flatMap((group) => group.rules).length} rules found`);
    expect(status).toBe(0);
  });

  test('of the objectives pass the tests that were generated with them, as the chart carries them', () => {
    const folder = join(ROOT, 'deploy', 'rules', 'prometheus');
    const tests = readdirSync(folder).filter((name) => name.endsWith('.test.yaml'));
    expect(tests).toHaveLength(4);
    const copies = tests.map((name) => {
      const copy = join(scratch, name);
      writeFileSync(copy, readFileSync(join(folder, name), 'utf8').replace(/^ {2}- .*\.rules\.yaml$/m, `  - ${file}`));
      return copy;
    });
    expect(runPromtool(...copies)).toBe('');
  });

  test.each<[string, string, Series, boolean]>([
    ['AvailabilityBudgetBurn', 'when 2 % fail', requests(98, 2), true],
    ['AvailabilityBudgetBurn', 'not when 1 % fails', requests(99, 1), false],
    ['AvailabilityBudgetBurn', 'not without requests', [], false],
    ['LatencyBudgetBurn', 'when 20 % are slow', latency(80), true],
    ['LatencyBudgetBurn', 'not when 10 % are slow', latency(90), false],
    ['DeliveryBudgetBurn', 'when 10 % fail', attempts(90, 10), true],
    ['DeliveryBudgetBurn', 'not when 5 % fail', attempts(95, 5), false],
    ['FreshnessBudgetBurn', 'when 20 % wait', wait('5', 80), true],
    ['FreshnessBudgetBurn', 'when 20 % wait, as Prometheus 3 writes 5', wait('5.0', 80), true],
    ['FreshnessBudgetBurn', 'not when 10 % wait', wait('5', 90), false],
  ])('%s pages %s', (alertname, _, series, firing) => {
    expect(promtoolFiring(alertname, series, firing)).toBe('');
  });

  test.each<[string, string, Series, Readonly<Record<string, string>>?]>([
    ['QueueOldestJobTooOld', 'when the head is older than a minute', oldest(61), {}],
    ['QueueOldestJobTooOld', 'not when it is a minute old', oldest(60)],
    ['QueueUnknown', 'when no process tells', [], { queue: 'deliveries' }],
    ['QueueUnknown', 'not when one does', [['nines_queue_jobs{queue="deliveries",state="waiting"}', '0x120']]],
    ['BreakerOpen', 'when a circuit is open', breaker('open'), { pipeline: 'mine' }],
    ['BreakerOpen', 'when a circuit is probed again and again', probing, { pipeline: 'mine' }],
    ['BreakerOpen', 'not when it is closed', breaker('closed')],
  ])('%s: %s', (alertname, _, series, fires) => {
    expect(promtool(alertname, series, fires)).toBe('');
  });
});
