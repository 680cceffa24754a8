import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Package } from '../workspace/packages.ts';
import { reportsOf } from './report.ts';

test('reportsOf shows an entry with what it shares, without hashes, and leaves other entries to their own report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nines-api-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(
    join(folder, 'dist', 'index.d.ts'),
    "import { A } from './shared-a1b2_3C4.js';\nexport { B } from './testing.js';\nexport { A };\n",
  );
  writeFileSync(join(folder, 'dist', 'shared-a1b2_3C4.d.ts'), 'interface A {}\nexport type { A };\n');
  writeFileSync(join(folder, 'dist', 'testing.d.ts'), 'export interface B {}\n');
  const entries = ['index', 'testing'].map((name) => ({ name, specifier: name, source: name }));
  const one: Package = {
    short: 'slo',
    name: '@nines/slo',
    folder,
    manifest: { name: '@nines/slo', version: '1.0.0' },
    entries,
    siblings: [],
  };
  const reports = reportsOf(one);
  expect([...reports.keys()]).toEqual(['slo.index.d.ts', 'slo.testing.d.ts']);
  expect(reports.get('slo.index.d.ts')?.split('\n').slice(2)).toEqual([
    "import { A } from './shared.js';",
    "export { B } from './testing.js';",
    'export { A };',
    '',
    '// shared: shared.d.ts',
    '',
    'interface A {}',
    'export type { A };',
    '',
  ]);
});
