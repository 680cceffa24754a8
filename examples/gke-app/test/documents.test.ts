import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const src = new URL('../src/', import.meta.url);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('README’s table names every variable that the services read, and no other', () => {
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file));
  const code = sources.map((file) => readFileSync(new URL(file, src), 'utf8')).join('\n');
  const read = [...code.matchAll(/\b(?:text|whole|fromFile|certificatesFrom)\(env, '([A-Z_]+)'|\benv\['([A-Z_]+)'\]/g)].map(
    ([, a, b]) => a ?? b!,
  );
  const table = readme.slice(readme.indexOf('## Configuration'));
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!));
  expect(named.toSorted()).toEqual([...new Set(read)].sort());
});
