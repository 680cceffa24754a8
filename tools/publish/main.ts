import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build } from '../build/build.ts';
import { listPackages, ROOT, type Package } from '../workspace/packages.ts';
import { mapLimit, run } from '../workspace/run.ts';

const ATTW = join(ROOT, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');

/** What publint and "are the types wrong" have against a package as it would be packed. */
async function problems(one: Package): Promise<string[]> {
  const [linted, typed] = await Promise.all([
    publint({ pkgDir: one.folder, strict: true, pack: 'npm' }),
    run([process.execPath, ATTW, '--pack', one.folder, '--profile', 'node16', '--no-color', '--no-emoji', '--quiet', ...typesOnly(one)]),
  ]);
  const messages = linted.messages.map(
    (message) => `${one.name} publint ${formatMessage(message, linted.pkg, { color: false }) ?? message.code}`,
  );
  return typed.status === 0 ? messages : [...messages, `${one.name} attw\n${typed.output}`];
}

/** Types for a module that is ESM itself: nobody can ask for them by require. */
function typesOnly({ manifest }: Package): string[] {
  const names = Object.entries(manifest.exports ?? {}).flatMap(([path, target]) =>
    typeof target === 'string' && target.endsWith('.d.ts') ? [path] : [],
  );
  return names.length === 0 ? [] : ['--exclude-entrypoints', ...names];
}

await build();
const packages = listPackages();
const found = (await mapLimit(packages, 2, problems)).flat();
for (const problem of found) console.log(problem);
if (found.length === 0) console.log(`publint and attw have nothing against ${packages.map(({ name }) => name).join(', ')}`);
process.exitCode = found.length === 0 ? 0 : 1;
