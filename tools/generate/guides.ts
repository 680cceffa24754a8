import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Generator } from './files.ts';
import { lineDiff } from './line-diff.ts';

/** A comment that says what the fenced block below it shows, and the block. */
const SHOWN = /(<!-- generated from (\S+)(?: and (\S+))? -->\n+```[^\n]*\n)(?:[\s\S]*?\n)??(```\n)/g;

/** The guides' blocks that show real files: one file as it is, or the difference of two. */
export function guidesGenerator(root: string): Generator {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const guides = globSync('docs/guides/*.md', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  return {
    name: 'guides',
    folders: [],
    files: () => guides.toSorted().map((path) => ({ path, text: withFiles(read(path), read) })),
  };
}

/** The document with every such block as the files are now. */
export function withFiles(markdown: string, read: (path: string) => string): string {
  return markdown.replaceAll(SHOWN, (_block, head: string, first: string, second: string | undefined, end: string) => {
    const shown = second === undefined ? read(first).trimEnd() : lineDiff(read(first), read(second)).join('\n');
    return `${head}${shown}\n${end}`;
  });
}
