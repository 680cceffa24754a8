import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CustomResources } from '../../tools/deploy/custom-resources.ts';
import { parseManifests } from '../../tools/deploy/manifests.ts';
import { K8S } from '../../tools/deploy/render.ts';

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
const oldest = (seconds: number): Series => [['nines_queue_oldest_age_seconds{queue="deliveries"}', `${seconds}x120`]];

function promtool(alertname: string, series: Series, fires: Readonly<Record<string, string>> | undefined): string {
  const { labels, annotations } = alerts.find(({ alert }) => alert === alertname)!;
  const summary = annotations!['summary']!.replaceAll('{{ $labels.pipeline }}', 'mine');
  const expected = fires === undefined ? [] : [{ exp_labels: { ...labels, ...fires }, exp_annotations: { summary } }];
  const unit = join(scratch, 'test.json');
  const input = series.map(([name, values]) => ({ series: name, values }));
  const wanted = [{ eval_time: '90m', alertname, exp_alerts: expected }];
  const tests = [{ interval: '1m', input_series: input, alert_rule_test: wanted }];
  writeFileSync(unit, JSON.stringify({ rule_files: [file], evaluation_interval: '1m', tests }));
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', unit], { encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

// Without promtool (Debian: prometheus) these are skipped and counted.
describe.skipIf(!hasPromtool)('alerts', () => {
  test('are rules that Prometheus takes', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain(`${alerts.length} rules found`);
    expect(status).toBe(0);
  });

  test.each<[string, string, Series, Readonly<Record<string, string>>?]>([
    ['AvailabilityBudgetBurn', 'when 2 % fail', requests(98, 2), {}],
    ['AvailabilityBudgetBurn', 'not when 1 % fails', requests(99, 1)],
    ['AvailabilityBudgetBurn', 'not without requests', []],
    ['LatencyBudgetBurn', 'when 20 % are slow', latency(80), {}],
    ['LatencyBudgetBurn', 'not when 10 % are slow', latency(90)],
    ['DeliveryBudgetBurn', 'when 10 % fail', attempts(90, 10), {}],
    ['DeliveryBudgetBurn', 'not when 5 % fail', attempts(95, 5)],
    ['FreshnessBudgetBurn', 'when 20 % wait', wait('5', 80), {}],
    ['FreshnessBudgetBurn', 'when 20 % wait, as Prometheus 3 writes 5', wait('5.0', 80), {}],
    ['FreshnessBudgetBurn', 'not when 10 % wait', wait('5', 90)],
    ['QueueOldestJobTooOld', 'when the head is older than a minute', oldest(61), {}],
    ['QueueOldestJobTooOld', 'not when it is a minute old', oldest(60)],
    ['QueueUnknown', 'when no process tells', [], { queue: 'deliveries' }],
    ['QueueUnknown', 'not when one does', [['nines_queue_jobs{queue="deliveries",state="waiting"}', '0x120']]],
    ['BreakerOpen', 'when a circuit is open', breaker('open'), { pipeline: 'mine' }],
    ['BreakerOpen', 'not when it is closed', breaker('closed')],
  ])('%s: %s', (alertname, _, series, fires) => {
    expect(promtool(alertname, series, fires)).toBe('');
  });
});
