import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** A file that is generated, its path relative to the root of the repository. */
export interface OutputFile {
  readonly path: string;
  readonly text: string;
}

/** One generator: what it makes, and the folders that hold nothing else. */
export interface Generator {
  readonly name: string;
  readonly folders: readonly string[];
  readonly files: () => readonly OutputFile[];
}

/** Each file that differs from what is generated, one line each; empty when all are as generated. */
export function differences(root: string, { folders, files }: Generator): string[] {
  const wanted = new Map(files().map(({ path, text }) => [path, text]));
  const changed = [...wanted].flatMap(([path, text]) => {
    const file = join(root, path);
    if (!existsSync(file)) return [`${path}:1 is missing`];
    const line = firstDifference(readFileSync(file, 'utf8'), text);
    return line === undefined ? [] : [`${path}:${line} is not as generated`];
  });
  return [...changed, ...strangers(root, folders, wanted).map((path) => `${path}:1 is not generated`)];
}

/** Writes the files of a generator, and removes from its folders what it no longer makes. Nothing is written unless all could be generated. */
export function writeAll(root: string, { folders, files }: Generator): number {
  const wanted = new Map(files().map(({ path, text }) => [path, text]));
  for (const path of strangers(root, folders, wanted)) rmSync(join(root, path));
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return wanted.size;
}

function strangers(root: string, folders: readonly string[], wanted: ReadonlyMap<string, string>): string[] {
  return folders.flatMap((folder) => {
    const path = join(root, folder);
    if (!existsSync(path)) return [];
    const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const found = entries.map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
    return found.filter((file) => !wanted.has(file));
  });
}

function firstDifference(have: string, want: string): number | undefined {
  if (have === want) return undefined;
  const lines = have.split('\n');
  const at = want.split('\n').findIndex((line, index) => line !== lines[index]);
  return at < 0 ? lines.length : at + 1;
}
