import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { FRONT_PAGE, listPages } from './documents.ts';

function repository(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'pages-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

test('every Markdown file that is tracked is a page, but for changesets and fixtures', () => {
  const tracked = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  const wanted = tracked.filter((file) => file !== FRONT_PAGE && !/^\.changeset\/|(^|\/)(fixtures\/|CHANGELOG\.md$)/.test(file));
  const pages = listPages(ROOT).map(({ file }) => file);
  expect(wanted.filter((file) => !pages.includes(file))).toEqual([]);
  expect(new Set(pages).size).toBe(pages.length);
});

test('a page is called after its heading and stands in one section, the first that takes it', () => {
  const root = repository({
    'docs/guides/start.md': '# Start\n',
    'docs/guides/queue-from-x.md': '# From `x`\n',
    'docs/guides/other.md': '# Other\n',
    'docs/guides/primitive-mine.md': '# Mine\n',
    'docs/guides/primitive-chaos.md': '# Chaos\n',
    'docs/guides/primitive-queue.md': '# Queue\n',
    'docs/README.md': '# Front\n',
    'packages/a/node_modules/b/README.md': 'no heading',
  });
  expect(listPages(root)).toEqual([
    { file: 'docs/guides/start.md', section: 'Begin here', title: 'Start' },
    ...['queue', 'chaos', 'mine'].map((name) => ({
      file: `docs/guides/primitive-${name}.md`,
      section: 'Primitives',
      title: `${name[0]?.toUpperCase()}${name.slice(1)}`,
    })),
    { file: 'docs/guides/queue-from-x.md', section: 'Moving here', title: 'From x' },
    { file: 'docs/guides/other.md', section: 'Guides', title: 'Other' },
  ]);
});

test('a page without a heading is refused', () => {
  const root = repository({ 'docs/guides/start.md': 'Start\n\n# Later\n' });
  expect(() => listPages(root)).toThrow('docs/guides/start.md:1 must be a heading, "# Title": the site needs a name for the page');
});
