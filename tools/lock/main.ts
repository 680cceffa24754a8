import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkLock, type Lock, type Manifest } from './check.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url));

const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));

const { workspaces = [] } = read('package.json') as { readonly workspaces?: readonly string[] };
const paths = ['package.json', ...workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))];
const manifests = paths.map(
  (path) => ({ folder: dirname(path).replaceAll('\\', '/').replace(/^\.$/, ''), manifest: read(path) }) as Manifest,
);
const lock = read('package-lock.json') as Lock;
const problems = checkLock(lock, manifests);

for (const problem of problems) console.log(`package-lock.json ${problem}`);
if (problems.length === 0) console.log(`${Object.keys(lock.packages).length} entries of package-lock.json are complete`);
else console.log('Run: npm install --package-lock-only --ignore-scripts (with the .npmrc of this repository)');
process.exitCode = problems.length === 0 ? 0 : 1;
