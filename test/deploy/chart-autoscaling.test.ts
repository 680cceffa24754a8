import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { nextReplicas, wantedReplicas } from '../../tools/deploy/autoscaler.ts';
import type { CustomResources } from '../../tools/deploy/custom-resources.ts';
import { CHART } from '../../tools/deploy/helm.ts';
import { parseManifests } from '../../tools/deploy/manifests.ts';
import { K8S } from '../../tools/deploy/render.ts';

vi.setConfig({ testTimeout: 60_000 });

const read = (name: string) => parseManifests(readFileSync(join(K8S, 'gke', name), 'utf8'))[0];
const autoscaler = read('worker.horizontalpodautoscaler.yaml') as unknown as IHorizontalPodAutoscaler;
const { minReplicas = 1, maxReplicas, metrics } = autoscaler.spec;
const [rule] = (read('autoscaling.rules.yaml')!.spec as CustomResources['Rules']['spec']).groups[0]!.rules;
const adapter = parse(readFileSync(join(CHART, '..', 'prometheus-adapter.yaml'), 'utf8')) as {
  rules: { external: { seriesQuery: string; name: { as: string }; metricsQuery: string }[] };
};
/** What a worker has in hand at a time, unless it is told otherwise. */
const CONCURRENCY = 16;
const everyNumber = Array.from({ length: maxReplicas - minReplicas + 1 }, (_, index) => minReplicas + index);
const backlogs = Array.from({ length: 500 }, (_, index) => index);

/** Lets it act until it no longer does; a number that comes back is a flapping. */
function settle(present: number, backlog: number): number[] {
  const states = [present];
  for (;;) {
    const next = nextReplicas(autoscaler, states.at(-1)!, [backlog]);
    if (next === states.at(-1)) return states;
    if (states.includes(next)) throw new Error(`flaps at a backlog of ${backlog}: ${[...states, next].join(', ')}`);
    states.push(next);
  }
}

describe('the number of workers', () => {
  test.each([
    [2, 0, 2],
    [2, 32, 2],
    [2, 36, 3],
    [2, 160, 10],
    [10, 150, 10],
    [10, 140, 9],
    [10, 0, 2],
    [20, 1_000_000, 20],
  ])('of %i with a backlog of %i becomes %i', (present, backlog, wanted) => {
    expect(wantedReplicas(autoscaler, present, [backlog])).toBe(wanted);
  });

  test('goes up to the maximum and down to the minimum, from anywhere', () => {
    for (const present of everyNumber) {
      expect(settle(present, 1_000_000).at(-1)).toBe(maxReplicas);
      expect(settle(present, 0).at(-1)).toBe(minReplicas);
    }
  });

  test('comes to rest at every constant backlog, on the way up or down but never both', () => {
    for (const present of everyNumber)
      for (const backlog of backlogs) {
        const states = settle(present, backlog);
        expect(states.toSorted((a, b) => (states.at(-1)! > present ? a - b : b - a))).toEqual(states);
      }
  });

  test('never sinks below what the jobs in hand need', () => {
    for (const present of everyNumber)
      for (const backlog of backlogs.filter((jobs) => jobs <= present * CONCURRENCY))
        expect(wantedReplicas(autoscaler, present, [backlog])).toBeGreaterThanOrEqual(Math.ceil(backlog / CONCURRENCY));
  });

  test('stays while nobody can say how long the queue is', () => {
    expect(everyNumber.map((present) => wantedReplicas(autoscaler, present, []))).toEqual(everyNumber);
  });

  test('grows at once, and shrinks one by one after five minutes', () => {
    expect(settle(2, 1_000_000)).toEqual([2, 6, 12, 20]);
    expect(settle(5, 0)).toEqual([5, 4, 3, 2]);
    const { scaleUp, scaleDown } = autoscaler.spec.behavior!;
    expect([scaleUp?.stabilizationWindowSeconds, scaleDown?.stabilizationWindowSeconds]).toEqual([0, 300]);
  });
});

describe('what it is computed from', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'nines-autoscaling-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
  const [external] = adapter.rules.external;
  const adapterQuery = external!.metricsQuery
    .replace('<<.Series>>', external!.seriesQuery.split('{')[0]!)
    .replace('<<.LabelMatchers>>', 'namespace="nines"');
  const podsThatSay = (jobs: number) =>
    ['api-1', 'api-2', 'worker-1', 'worker-2', 'worker-3'].map((pod) => ({
      series: `nines_queue_backlog{queue="deliveries",namespace="nines",pod="${pod}"}`,
      values: `${jobs}x10`,
    }));

  test('has the name that is recorded or served', () => {
    expect(metrics).toHaveLength(1);
    expect(metrics![0]?.external?.metric.name).toBe(`prometheus.googleapis.com|${'record' in rule! && rule.record}|gauge`);
    expect(external!.name.as).toBe('record' in rule! && rule.record);
  });

  // Without promtool nothing can ask the query: skipped and counted.
  test.skipIf(!hasPromtool).each([
    ['of Managed Prometheus', rule!.expr, '{}'],
    ['of prometheus-adapter', adapterQuery, '{namespace="nines"}'],
  ])('is one series of the queue, however many pods export it: the query %s', (_, expr, labels) => {
    const file = join(scratch, 'test.json');
    const input_series = [...podsThatSay(40), { series: 'nines_queue_backlog{queue="other",namespace="nines",pod="x"}', values: '900x10' }];
    const wanted = { expr, eval_time: '5m', exp_samples: [{ labels, value: 40 }] };
    writeFileSync(file, JSON.stringify({ tests: [{ interval: '1m', input_series, promql_expr_test: [wanted] }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
  });

  test('would be wrong by the number of pods as a sum', () => {
    expect(wantedReplicas(autoscaler, 3, [40, 40, 40, 40, 40])).not.toBe(wantedReplicas(autoscaler, 3, [40]));
  });
});
