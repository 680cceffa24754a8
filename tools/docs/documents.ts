import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Markdown file of the repository that is a page of the site. */
export interface Page {
  /** From the root, with slashes. */
  readonly file: string;
  /** The heading in the navigation that it stands under. */
  readonly section: string;
  /** Its first heading. */
  readonly title: string;
}

/** What the site opens with. */
export const FRONT_PAGE = 'docs/README.md';

/** The sections in the order of the navigation, and their pages in that of the patterns. A file belongs to the first pattern that fits. */
const SECTIONS: readonly (readonly [section: string, patterns: readonly string[]])[] = [
  ['Begin here', ['docs/guides/start.md', 'docs/guides/which-package.md']],
  [
    'Primitives',
    [
      ...['queue', 'retries', 'circuit-breaker', 'deadlines', 'hedging', 'limits', 'chaos'].map(
        (name) => `docs/guides/primitive-${name}.md`,
      ),
      ...['traces-and-metrics', 'health', 'shutdown', 'error-budget', '*'].map((name) => `docs/guides/primitive-${name}.md`),
    ],
  ],
  ['Moving here', ['docs/guides/*-from-*.md', 'docs/guides/*-migration.md', 'docs/guides/opossum-p-retry-or-native.md']],
  ['Guides', ['docs/guides/*.md']],
  ['Packages', ['packages/*/README.md', 'examples/*/README.md']],
  ['What is promised', ['docs/*.md']],
  ['Runbooks', ['deploy/runbooks/**/*.md']],
  ['Running it', ['deploy/**/*.md', 'examples/**/*.md']],
  ['The project', ['*.md', 'bench/**/*.md', 'docs/**/*.md']],
];

/** Sections in order, for typedoc's `groupOrder`. */
export const SECTION_ORDER: readonly string[] = SECTIONS.map(([section]) => section);

/** Whose pages speak of our exports only, so that a name in code is that of an export. */
export const LINKED_SECTIONS: readonly string[] = ['Begin here', 'Primitives'];

/** Every page but the front page, in the order of the navigation. */
export function listPages(root: string): Page[] {
  const taken = new Set([FRONT_PAGE]);
  return SECTIONS.flatMap(([section, patterns]) => {
    const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted());
    const named = [...new Set(found.map((file) => file.replaceAll('\\', '/')))];
    const files = named.filter((file) => !taken.has(file) && !/(^|\/)(node_modules|fixtures)\//.test(file));
    for (const file of files) taken.add(file);
    return files.map((file) => ({ file, section, title: titleOf(root, file) }));
  });
}

/** @throws {Error} when the file does not begin with a heading: it would have no name on the site. */
function titleOf(root: string, file: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(join(root, file), 'utf8').split('\n', 1)[0] ?? '')?.[1];
  if (title === undefined) throw new Error(`${file}:1 must be a heading, "# Title": the site needs a name for the page`);
  return title.replaceAll('`', '');
}
