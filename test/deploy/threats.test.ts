import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';

/** deploy/THREATS.md says where each mitigation is tested. */
const page = readFileSync(join(ROOT, 'deploy/THREATS.md'), 'utf8');
const rows = page
  .split('\n')
  .map((line) => /^\| (\d) ([STRIDE]) \| (.+) \|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, boundary = '', letter = '', rest = '']) => ({ boundary, letter, cells: rest.split(' | ') }));

test('every threat has a mitigation, tests that are there, and what is left', () => {
  for (const { boundary, letter, cells } of rows) {
    expect(cells, `${boundary} ${letter}`).toHaveLength(4);
    const [threat = '', , testedIn = '', left = ''] = cells;
    const files = [...testedIn.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    expect(files.length, threat).toBeGreaterThan(0);
    expect(
      files.filter((file) => !file.endsWith('.test.ts') || !existsSync(join(ROOT, file))),
      threat,
    ).toEqual([]);
    expect(left.trim(), threat).not.toBe('');
  }
});

test('every file of the repository that the page names is there', () => {
  const named = [...page.matchAll(/`((?:[\w.-]+\/)+[\w.-]+)`/g)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test('every boundary of the picture has threats, and all six kinds are there', () => {
  const numbers = [...new Set([...page.matchAll(/-- "?(\d)\b/g)].map(([, number = '']) => number))].toSorted();
  expect([...new Set(rows.map(({ boundary }) => boundary))].toSorted()).toEqual(numbers);
  expect([...new Set(rows.map(({ letter }) => letter))].toSorted()).toEqual('DEIRST'.split(''));
});

test('no dependency may run a script when it is installed', () => {
  const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<string, Record<string, unknown>>;
  const locked = Object.entries(read('package-lock.json')['packages'] as Record<string, { hasInstallScript?: boolean }>);
  // The first is the repository itself.
  const withScript = locked
    .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript === true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect(withScript.length).toBeGreaterThan(0);
  const refused = read('package.json')['allowScripts'] ?? {};
  expect(withScript.filter((name) => refused[name] !== false)).toEqual([]);
});
