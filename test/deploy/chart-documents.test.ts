import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART } from '../../tools/deploy/helm.ts';

const page = readFileSync(join(CHART, '..', 'CHART.md'), 'utf8');

/** `api.autoscaling.enabled`: every value that is not a map with entries. */
function leaves(values: Readonly<Record<string, unknown>>, path = ''): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
    return Object.keys(inner).length > 0 ? leaves(inner, `${path}${key}.`) : [`${path}${key}`];
  });
}

test('the page of the chart names every value, and no other', () => {
  const values = leaves(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>);
  const table = page.split(/^## /m).find((section) => section.startsWith('Values')) ?? '';
  const named = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
  expect(named.sort()).toEqual(values.sort());
});

test('the settings of the schema are variables of the example', () => {
  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as {
    properties: { settings: { propertyNames: { enum: string[] } } };
  };
  const example = readFileSync(join(CHART, '../../examples/gke-app/README.md'), 'utf8');
  const unknown = schema.properties.settings.propertyNames.enum.filter(
    (name) => !name.startsWith('OTEL_') && !example.includes(`\`${name}\``),
  );
  expect(unknown).toEqual([]);
});
