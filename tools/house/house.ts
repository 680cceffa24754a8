import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parse, type Source } from './source.ts';

/** The repository as the rules see it. */
export interface House {
  readonly root: string;
  /** Every file that is, or could be, committed; generated and foreign folders left out. */
  readonly files: readonly string[];
  readonly sources: ReadonlyMap<string, Source>;
  read(file: string): string;
}

const FOREIGN = /(^|\/)(node_modules|dist|coverage|fixtures|\.git|\.cache)\/|^docs\/api\/|\.tgz$/;
const GENERATED = /\.gen\.ts$|\.d\.[cm]?ts$/;

export function openHouse(root: string): House {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const files = listFiles(root).filter((file) => !FOREIGN.test(file));
  const typescript = files.filter((file) => file.endsWith('.ts') && !GENERATED.test(file));
  return { root, files, read, sources: new Map(typescript.map((file) => [file, parse(file, read(file))])) };
}

/** What git tracks or would add; outside of a work tree, every file. */
function listFiles(root: string): string[] {
  try {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const present = listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
    return [...new Set(present)].filter((file) => statSync(join(root, file)).isFile()).sort();
  } catch {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return paths.map((path) => path.slice(root.length + 1).replaceAll('\\', '/')).sort();
  }
}

/** `packages/queue/src/redis/store.ts` → `packages/queue`; tools, bench and test are a unit each. */
export function unitOf(file: string): string {
  const [top = '', name = ''] = file.split('/');
  return (top === 'packages' || top === 'examples') && file.split('/').length > 2 ? `${top}/${name}` : top;
}

/** Tests and their suites, wherever they live. */
export function isTest(file: string): boolean {
  return /\.(test|test-d|suite|bench)\.ts$/.test(file) || /^(packages|examples)\/[^/]+\/test\//.test(file) || file.startsWith('test/');
}

/** Part of what a package publishes. */
export function isPublished(file: string): boolean {
  return /^packages\/[^/]+\/src\//.test(file) && !isTest(file);
}

/** The file that a relative import names, from the root. */
export function resolveRelative(importer: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(importer), specifier) : undefined;
}

/** `@scope/name/sub` → `@scope/name`; undefined for relative, built-in and `#` imports. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|\/|#|node:)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
