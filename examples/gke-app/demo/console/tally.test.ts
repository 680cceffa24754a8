import { expect, test } from 'vitest';
import { objectives } from '../../src/objectives.ts';
import { readSamples, readSelector, sumOf } from './exposition.ts';
import { viewsOfCounters, viewsOfPrometheus } from './objective-views.ts';
import { increase, percentilesOf, sumTallies, tallyOf } from './tally.ts';

const text = String.raw`# HELP requests_total Requests
requests_total{route="/process",status="202"} 90
requests_total{route="/process",status="503"} 10 1700000000
requests_total{route="say \"hi\", \\ and\n}",status="200"} 1e3
up 1
broken line
`;

test('selectors of PromQL count in the text of a scrape as Prometheus would', () => {
  const samples = readSamples(text);
  const sum = (selector: string) => sumOf(samples, readSelector(selector));
  expect(sum('requests_total')).toBe(1100);
  expect(sum('requests_total{route="/process"}')).toBe(100);
  expect(sum('requests_total{route="/process",status=~"5.."}')).toBe(10);
  expect(sum('requests_total{status!="202", status!~"5.*"}')).toBe(1000);
  expect(sum(String.raw`requests_total{route="say \"hi\", \\ and\n}"}`)).toBe(1000);
  expect(sum('requests_total{method="GET"}')).toBe(0);
  expect(sum('up')).toBe(1);
  expect(sum('down')).toBe(0);
  expect(() => readSelector('rate(up[5m])')).toThrow('a selector must be a metric with matchers, got "rate(up[5m])"');
});

const process = (attempts: number, retried: number, buckets: readonly number[]) =>
  readSamples(`nines_queue_attempts_total{queue="deliveries",outcome="completed"} ${attempts - retried}
nines_queue_attempts_total{queue="deliveries",outcome="retried"} ${retried}
${['0.005', '0.1', '1', '+Inf'].map((le, at) => `messaging_process_duration_seconds_bucket{le="${le}",messaging_destination_name="deliveries"} ${buckets[at]}`).join('\n')}`);

test('the counts of several processes are one; what grew is the difference', () => {
  const [before, after] = [process(100, 0, [0, 100, 100, 100]), process(300, 20, [0, 250, 300, 300])].map((samples) =>
    tallyOf(samples, objectives),
  );
  const grown = increase(sumTallies([after!, before!]), sumTallies([before!, before!]));
  expect([grown.get('out'), grown.get('failed')]).toEqual([180, 20]);
  const [, , delivery] = viewsOfCounters(objectives, grown, grown);
  expect(delivery).toMatchObject({ name: 'delivery', window: 'since start', burn: 20, remaining: -19, pageFactor: 14.4 });
  expect(viewsOfCounters(objectives, new Map(), new Map())[0]).toMatchObject({ remaining: undefined, burn: undefined });
});

test('percentiles are interpolated inside a bucket, and say where the buckets end', () => {
  expect(percentilesOf(tallyOf(process(0, 0, [0, 100, 200, 200]), []), 'attempt')).toEqual({
    floor: 0.005,
    ceiling: 1,
    p50: 0.1,
    p95: 0.91,
    p99: 0.982,
  });
  expect(percentilesOf(tallyOf(process(0, 0, [50, 60, 70, 100]), []), 'attempt')).toMatchObject({ p50: 0.005, p95: 1, p99: 1 });
  expect(percentilesOf(new Map(), 'wait')).toEqual({ floor: 0, ceiling: 0 });
});

test('with Prometheus the recorded ratios count, found by the length of their window however it is written', () => {
  const of = (labels: Record<string, string>, value: number) => ({ labels: { slo: 'delivery', service: 'worker', ...labels }, value });
  const errorRatios = [of({ slo_window: '300s' }, 0.05), of({ slo_window: '60m' }, 0.01), of({ slo_window: '6h' }, 0.9)];
  const [, , delivery] = viewsOfPrometheus(objectives, { errorRatios, remaining: [of({}, 0.25)], alerts: [] });
  expect(delivery).toMatchObject({ window: '30d', remaining: 0.25, burn: 10, burnWindow: '5m', burnLong: 2, burnLongWindow: '1h' });
  expect(viewsOfPrometheus(objectives, { errorRatios: [], remaining: [], alerts: [] })[0]).toMatchObject({
    remaining: undefined,
    burn: undefined,
  });
});
