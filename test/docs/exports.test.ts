import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listPackages, ROOT } from '../../tools/workspace/packages.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
/** What a page may name: each entry with its exports. The entry that starts telemetry on import exports nothing. */
const entries = listPackages().flatMap((one) => one.entries.map(({ specifier }) => specifier));
const exportsOf = async (entry: string): Promise<string[]> => (entry.endsWith('/register') ? [] : Object.keys(await import(entry)));

const rows = read('docs/guides/which-package.md')
  .split('\n')
  .filter((line) => line.includes('`@nines/'));

test('each row of the table of pains names an export of its package, and every package has one', async () => {
  const named = rows.map((row) => /^\| [^|]+ \| `([^`]+)` `(\w+)` \| \[[^\]]+\]\([^)]+\) \|$/.exec(row)?.slice(1) ?? [row, '']);
  const wrong = await Promise.all(named.map(async ([entry = '', name = '']) => !(await exportsOf(entry)).includes(name)));
  expect(named.filter((_, at) => wrong[at])).toEqual([]);
  expect(new Set(named.map(([entry]) => entry?.split('/')[1]))).toEqual(new Set(['queue', 'resilience', 'telemetry', 'slo']));
});

test.each(globSync('docs/guides/primitive-*.md', { cwd: ROOT }))('%s names exports and entries that are there', async (file) => {
  const paragraph = read(file).split('\n## API\n\n')[1]?.split('\n\n')[0] ?? '';
  const named = [...paragraph.matchAll(/`(@nines\/[^`]+|\w+)`/g)].map((match) => match[1] ?? '');
  const known = new Set([...entries, ...(await Promise.all(entries.map(exportsOf))).flat()]);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
