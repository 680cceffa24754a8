import { array, assert, asyncProperty, constantFrom, double, integer, nat, oneof, string, tuple } from 'fast-check';
import promClient from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createRegistry } from './text-registry.ts';
import { counter, durationBuckets, gauge, histogram, type HistogramOptions } from './instruments.ts';
import type { Labels } from './labels.ts';

/** The lines of a metric, without the order of labels, which differs between clients and means nothing. */
function lines(text: string): string[] {
  const sorted = (line: string) =>
    line.replace(
      /\{(.*)\}/u,
      (_, labels: string) =>
        `{${labels
          .split(',')
          .sort((a, b) => a.localeCompare(b))
          .join(',')}}`,
    );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(sorted);
}

test('a histogram is written as prom-client writes it', async () => {
  const seed = Date.now();
  const registry = createRegistry();
  const theirs = new promClient.Registry();
  const ours = histogram(registry, { name: 'h_seconds', help: 'H.', labelNames: ['route'] });
  const peer = new promClient.Histogram({
    name: 'h_seconds',
    help: 'H.',
    labelNames: ['route'],
    buckets: [...durationBuckets],
    registers: [theirs],
  });
  const value = oneof(double({ min: 0, max: 20, noNaN: true }), constantFrom(...durationBuckets));
  await assert(
    asyncProperty(array(tuple(value, constantFrom('/a', '/b')), { minLength: 1 }), async (observations) => {
      for (const [seconds, route] of observations) {
        ours.observe(seconds, { route });
        peer.observe({ route }, seconds);
      }
      expect(lines(await registry.metrics())).toEqual(lines(await theirs.metrics()));
    }),
    { seed, numRuns: 30, verbose: true },
  );
});

test('a counter keeps its total when there are more label values than series, and ignores what is no amount', async () => {
  const seed = Date.now();
  await assert(
    asyncProperty(array(tuple(string(), nat(100))), integer({ min: 1, max: 5 }), async (increments, seriesLimit) => {
      const registry = createRegistry();
      const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'], seriesLimit });
      for (const [queue, by] of increments) {
        jobs.inc({ queue }, by);
        for (const wrong of [Number.NaN, -1, Infinity]) jobs.inc({ queue }, wrong);
      }
      const metric = registry.getSingleMetric('jobs_total') as { get(): { values: { value: number; labels: Labels }[] } };
      const { values } = metric.get();
      expect(values.length).toBeLessThanOrEqual(seriesLimit + 1);
      expect(values.reduce((sum, series) => sum + series.value, 0)).toBe(increments.reduce((sum, [, by]) => sum + by, 0));
    }),
    { seed, verbose: true },
  );
});

test('a gauge keeps its last finite value and drops labels it does not know', async () => {
  const registry = createRegistry();
  const open = gauge(registry, { name: 'open', help: 'Open.', labelNames: ['pool'] });
  open.set(3, { pool: 'a', ...({ email: 'someone@example.com' } as object) });
  open.set(Number.NaN, { pool: 'a' });
  const text = await registry.metrics();
  expect(text).toContain('# HELP open Open.\n# TYPE open gauge\nopen{pool="a"} 3\n');
  expect(text).toContain('telemetry_internal_errors_total{component="metrics"} 2\n');
  expect(text).not.toContain('example.com');
});

test('a bound cell is the series itself, also after a reset', async () => {
  const registry = new promClient.Registry();
  const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] });
  const mail = jobs.bind({ queue: 'mail' });
  mail.inc();
  jobs.inc({ queue: 'mail' }, 2);
  expect(await registry.metrics()).toContain('jobs_total{queue="mail"} 3\n');
  registry.resetMetrics();
  mail.inc(4);
  expect(await registry.metrics()).toContain('jobs_total{queue="mail"} 4\n');
});

test('labels that cannot be read, that are too long, or that say overflow keep the total and the exposition whole', async () => {
  const registry = createRegistry();
  const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'], seriesLimit: 4 });
  const hostile = [
    null,
    7,
    { queue: Symbol('x') },
    {
      queue: {
        toString: () => {
          throw new Error('no');
        },
      },
    },
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    ),
  ];
  for (const labels of [...hostile, { queue: 'overflow' }, { queue: 'x'.repeat(5000) }, { queue: 1 }, { queue: 2 }, { queue: 3 }])
    jobs.inc(labels as Labels<'queue'>);
  for (const by of [Symbol('x'), 1n, '1', {}]) jobs.inc({ queue: 'a' }, by as number);
  const series = lines(await registry.metrics()).filter((line) => line.startsWith('jobs_total'));
  expect(series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(10);
  expect(new Set(series.map((line) => line.split(' ')[0])).size).toBe(series.length);
  expect(series.every((line) => line.length < 1100)).toBe(true);
});

test('resetMetrics of the registry starts the instruments again', async () => {
  const registry = new promClient.Registry();
  counter(registry, { name: 'a_total', help: 'A.' }).inc({}, 5);
  const b = counter(registry, { name: 'b_total', help: 'B.', labelNames: ['x'] });
  b.inc({ x: '1' });
  registry.resetMetrics();
  b.inc({ x: '2' });
  expect(lines(await registry.metrics()).filter((line) => !line.startsWith('#'))).toEqual(['a_total 0', 'b_total{x="2"} 1']);
});

describe('options are refused with a message', () => {
  const cases: readonly (readonly [HistogramOptions | object, string])[] = [
    [{ name: '1x', help: 'x' }, 'name must be a Prometheus metric name, got "1x"'],
    [{ name: 'x', help: '' }, 'help must be a string of 1 to 1000 characters, got ""'],
    [{ name: 'x', help: 'x', labelNames: ['le'] }, 'labelNames must hold Prometheus label names, got "le"'],
    [{ name: 'x', help: 'x', buckets: [1, 1] }, 'buckets must be 1 to 100 finite ascending numbers, got [1,1]'],
    [
      { name: 'x', help: 'x', bucket: [1] },
      'instrument has no option bucket; known: name, help, labelNames, seriesLimit, buckets, exemplars',
    ],
    [{ name: 'x', help: 'x', seriesLimit: 0 }, 'seriesLimit must be a whole number from 1 to 100000, got 0'],
  ];
  test.for(cases)('%j', ([options, message]) => {
    expect(() => histogram(createRegistry(), options as HistogramOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message }),
    );
  });

  test('a name twice', () => {
    const registry = createRegistry();
    counter(registry, { name: 'x_total', help: 'x' });
    expect(() => counter(registry, { name: 'x_total', help: 'x' })).toThrow(expect.objectContaining({ code: 'METRIC_CONFLICT' }));
  });
});
