import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';

const rows = readFileSync(join(ROOT, 'docs/guides/which-package.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, entry, name] = /^\| [^|]+ \| `(@nines\/[^`]+)` `(\w+)` \| \[[^\]]+\]\([^)]+\) \|$/.exec(line) ?? [];
    return entry === undefined || name === undefined ? [] : [[entry, name] as const];
  });

test('the table has a row for each package', () => {
  expect(new Set(rows.map(([entry]) => entry.split('/')[1]))).toEqual(new Set(['queue', 'resilience', 'telemetry', 'slo']));
});

test.each(rows)('%s exports %s, as the table of pains says', async (entry, name) => {
  expect(await import(entry)).toHaveProperty(name);
});
