import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importedPackages } from '../stranger/readme.ts';
import { ROOT } from '../workspace/packages.ts';
import { differences } from './files.ts';
import { recipesGenerator, withVersions } from './recipes.ts';

test('every dependency gets the version that is installed, and nothing else changes', () => {
  const manifest = { name: 'one', dependencies: { a: '1.0.0' }, devDependencies: { typescript: '^6', b: '*' } };
  const text = withVersions(JSON.stringify(manifest), (name) => (name === '@typescript/native' ? '7.0.0' : '2.0.0'));
  expect(JSON.parse(text)).toEqual({ name: 'one', dependencies: { a: '2.0.0' }, devDependencies: { typescript: '7.0.0', b: '2.0.0' } });
});

test('the recipes name the versions that they are tested with', () => {
  expect(differences(ROOT, recipesGenerator(ROOT))).toEqual([]);
});

const sources = globSync('examples/recipes/*/{src,test}/*.ts', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));

test('there are recipes to check', () => {
  expect(sources.length).toBeGreaterThan(0);
});

test.for(sources)('%s imports only what its manifest names', (path) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, path, '../../package.json'), 'utf8')) as Record<string, Record<string, string>>;
  const named = [
    ...Object.keys(manifest['dependencies'] ?? {}),
    ...(path.includes('/test/') ? Object.keys(manifest['devDependencies'] ?? {}) : []),
  ];
  expect(named).toEqual(expect.arrayContaining(importedPackages(readFileSync(join(ROOT, path), 'utf8'))));
});
