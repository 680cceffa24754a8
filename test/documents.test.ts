import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { prometheus } from '@nines/queue/prometheus';
import { ResilienceError, type ResilienceErrorCode } from '@nines/resilience';
import { prometheus as resilienceMetrics } from '@nines/resilience/prometheus';
import { SloError, type SloErrorCode } from '@nines/slo';
import { counter, goldenSignals, httpServerMetrics, runtimeMetrics } from '@nines/telemetry/metrics';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The cells of one column of every table below a heading, without back quotes. */
function column(document: string, heading: string, index: number): string[] {
  const section =
    read(document)
      .split(/^## /m)
      .find((part) => part.startsWith(heading)) ?? read(document);
  const rows = section.split('\n').filter((line) => line.startsWith('|') && !/^\|[-|]+\|$/.test(line));
  return rows.slice(1).map((row) => (row.split('|')[index + 1] ?? '').trim().replaceAll('`', ''));
}

function sources(folder: string): string {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(join(folder, file)))
    .join('\n');
}

test.for([
  ['queue', 'QueueErrorCode'],
  ['telemetry', 'TelemetryErrorCode'],
])('docs/errors.md lists the codes of the %s, all and no others', ([name, type]) => {
  const union = new RegExp(`export type ${type} =([^;]+);`).exec(read(`packages/${name}/src/errors.ts`))?.[1] ?? '';
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '');
  expect(codes.length).toBeGreaterThan(0);
  expect(column('docs/errors.md', `@nines/${name}`, 0)).toEqual(codes);
});

test('docs/errors.md lists the codes of the console with their status, all and no others', () => {
  const source = /const STATUS[^{]+\{([^}]+)\}/.exec(read('packages/queue/src/console/errors.ts'))?.[1] ?? '';
  const codes = [...source.matchAll(/(CONSOLE_\w+): (\d+)/g)].map(([, code, status]) => `${code} ${status}`);
  const [names, statuses] = [0, 1].map((at) => column('docs/errors.md', '@nines/queue/console', at)) as [string[], string[]];
  expect(names.map((name, at) => `${name} ${statuses[at]}`)).toEqual(codes);
  expect(codes.length).toBeGreaterThan(0);
});

test('docs/errors.md lists the codes of resilience, all and no others, and which may be tried again', () => {
  const union = /export type ResilienceErrorCode =([^;]+);/.exec(read('packages/resilience/src/errors.ts'))?.[1] ?? '';
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '');
  expect(column('docs/errors.md', '@nines/resilience', 0).slice(0, codes.length)).toEqual(codes);
  const retryable = column('docs/errors.md', '@nines/resilience', 2).map((text) => text === 'yes');
  expect(retryable.slice(0, codes.length)).toEqual(codes.map((code) => new ResilienceError(code as ResilienceErrorCode, '').retryable));
});

test('docs/errors.md lists the codes of slo, all and no others, and which may be tried again', () => {
  const union = /export type SloErrorCode =([^;]+);/.exec(read('packages/slo/src/errors.ts'))?.[1] ?? '';
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '');
  expect(column('docs/errors.md', '@nines/slo', 0)).toEqual(codes);
  const retryable = column('docs/errors.md', '@nines/slo', 2).map((text) => text === 'yes');
  expect(retryable).toEqual(codes.map((code) => new SloError(code as SloErrorCode, '').retryable));
});

const packagesWithMetrics: readonly (readonly [string, (registry: Registry) => void])[] = [
  ['@nines/queue', (registry) => void prometheus(registry)],
  [
    '@nines/telemetry',
    (registry) => {
      runtimeMetrics(registry)();
      httpServerMetrics(registry);
      goldenSignals(registry, { name: 'name', saturation: () => 0 });
      // Registered at the first failure, here a counter that is told to shrink.
      counter(registry, { name: 'x_total', help: 'Not ours.' }).inc({}, -1);
      registry.removeSingleMetric('x_total');
    },
  ],
];

test.for(packagesWithMetrics)('docs/metrics.md lists the metrics of %s with their types, all and no others', async ([name, register]) => {
  const registry = new Registry();
  register(registry);
  const metrics = await registry.getMetricsAsJSON();
  const names = column('docs/metrics.md', name, 0).map((metric) => metric.replace('<name>', 'name'));
  const types = column('docs/metrics.md', name, 1);
  const documented = names.map((metric, at) => `${metric} ${types[at]}`).filter((line) => !line.startsWith('telemetry_collector_up'));
  expect(documented.toSorted()).toEqual(metrics.map((metric) => `${metric.name} ${String(metric.type)}`).toSorted());
});

test('docs/metrics.md lists the metrics of resilience with their types and labels, all and no others', async () => {
  const registry = new Registry();
  resilienceMetrics(registry, { observeKeys: ['a'] });
  const metrics = await registry.getMetricsAsJSON();
  const [names, types, labels] = [0, 1, 2].map((at) => column('docs/metrics.md', '@nines/resilience', at)) as [
    string[],
    string[],
    string[],
  ];
  expect(names.map((name, at) => `${name} ${types[at]}`).toSorted()).toEqual(
    metrics.map(({ name, type }) => `${name} ${String(type)}`).toSorted(),
  );
  const source = read('packages/resilience/src/metrics.ts');
  for (const [at, name] of names.entries()) {
    const definition = source.split(`name: '${name}'`)[1]?.split('}')[0];
    const list = (labels[at] ?? '').split(', ').map((label) => `'${label}'`);
    expect(definition, name).toContain(`labels: [${list.join(', ')}]`);
  }
});

test('docs/keys.md lists the keys of the layout, all and no others', () => {
  const names = /const names = \[([^\]]+)\]/.exec(read('packages/queue/src/redis/keys.ts'))?.[1] ?? '';
  const keys = [...names.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '');
  // Keys of classes and groups are made by the scripts; those of a class have the name of the list that was there first.
  const place = read('packages/queue/src/redis/lua/place.lua');
  const made = [...place.matchAll(/beside\(q, '(\w+)'\)|'(\w+:)'/g)].map((match) => match[1] ?? match[2] ?? '');
  const documented = column('docs/keys.md', '# Redis keys', 0).map((key) => key.replace(':<token>', '').replace(/<\w+>$/, ''));
  expect(documented.toSorted()).toEqual([...new Set([...keys, ...made])].toSorted());
});

test('every promise of docs/guarantees.md names a case that exists', () => {
  const tests = sources('packages/queue/test') + sources('tools/soak/queue');
  for (const name of column('docs/guarantees.md', '@nines/queue', 2)) expect(tests, name).toContain(`'${name}'`);
});

test('every promise of resilience in docs/guarantees.md names a case that exists', () => {
  const tests = ['packages/resilience/test', 'packages/resilience/src'].map(sources).join('\n');
  for (const name of column('docs/guarantees.md', '@nines/resilience', 2)) expect(tests, name).toContain(`'${name}'`);
});

test('every promise of slo in docs/guarantees.md names a case that exists', () => {
  const tests = ['packages/slo/test', 'packages/slo/src', 'examples/gke-app/test'].map(sources).join('\n');
  for (const name of column('docs/guarantees.md', '@nines/slo', 2)) expect(tests, name).toContain(`'${name}'`);
});

test("the defaults in the queue's README are those of the code", () => {
  const readme = read('packages/queue/README.md');
  const code = read('packages/queue/src/options.ts');
  const number = (text: string | undefined) => Number((text ?? '').replaceAll(/[ _]/g, ''));
  for (const option of ['maxAttempts', 'leaseMs', 'attemptTimeoutMs', 'maxWaiting', 'maxBodyBytes', 'maxLeaseLosses']) {
    const documented = number(new RegExp(`^\\| \`${option}\` \\| ([\\d ]+) \\|`, 'm').exec(readme)?.[1]);
    const real = number(new RegExp(`^  ${option}: ([\\d_]+),`, 'm').exec(code)?.[1]);
    expect(documented, option).toBe(real);
    expect(documented, option).toBeGreaterThan(0);
  }
});
