import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lineDiff } from '../../tools/generate/line-diff.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const guides = [
  ['bullmq', 'queue'],
  ['bee-queue', 'queue'],
  ['opossum', 'resilience'],
  ['p-retry', 'resilience'],
] as const;

test.for(guides)('the guide from %s shows the real difference, of at most 30 changed lines, and says how many', ([peer, name]) => {
  const [before, after] = [`test/migration/${peer}/before.ts`, `test/migration/${peer}/after.ts`];
  const difference = lineDiff(read(before), read(after));
  const changed = difference.filter((line) => /^[-+]/.test(line));
  expect(changed.length).toBeGreaterThan(0);
  expect(changed.length).toBeLessThanOrEqual(30);
  const guide = read(`docs/guides/${name}-from-${peer}.md`);
  expect(guide).toContain(`\n\`\`\`diff\n${difference.join('\n')}\n\`\`\`\n`);
  expect(guide).toContain(` ${changed.length} changed lines;`);
});
