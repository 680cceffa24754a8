import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const guides = globSync('docs/guides/*.md', { cwd: root })
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');
const recipes = globSync('test/recipes/*.ts', { cwd: root }).filter((file) => !/(\.test|-process)\.ts$/.test(file));

test.for(recipes.map((file) => file.replaceAll('\\', '/')))('%s is shown in a guide, whole and under its name', (file) => {
  const text = readFileSync(join(root, file), 'utf8').trimEnd();
  expect(guides).toContain(`\n<!-- generated from ${file} -->\n\`\`\`ts ${file.replace('test/recipes/', '')}\n${text}\n\`\`\`\n`);
});
