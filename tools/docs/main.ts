import { resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { readIdentity } from '../identity/identity.ts';
import { strangerEnv } from '../stranger/stranger.ts';
import { ROOT } from '../workspace/packages.ts';
import { run, runOk } from '../workspace/run.ts';
import { writeSite } from './site.ts';
import { writeVersions } from './versions.ts';

const HELP = `Usage: npm run docs [-- --out FOLDER] [--revision NAME | --versions]

Writes the site: the guides and all other Markdown pages, the reference of every package, the calculator. Fails when a link is dead or a public
symbol has no word.

  --out       where to; docs/api unless said otherwise
  --revision  the branch or tag that is shown; main unless said otherwise
  --versions  a folder for each release, built from its tag, one for main, and a page that lists them
  --help      this text

Exit codes: 0 fine, 1 something is wrong and was printed.`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'docs/api' },
    revision: { type: 'string', default: 'main' },
    versions: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

async function build(out: string, revision: string): Promise<void> {
  if (!(await writeSite({ root: ROOT, out, revision }))) throw new Error(`the site of ${revision} has faults`);
}

/** A release is built by its own tools, with what it had installed. */
async function buildRelease(folder: string, out: string, revision: string): Promise<void> {
  const options = { cwd: folder, env: strangerEnv(), live: true };
  await runOk(['npm', 'ci', '--ignore-scripts', '--loglevel=error'], options);
  await runOk(['npm', 'run', 'docs', '--', '--out', out, '--revision', revision], options);
}

/** @throws {Error} when something would be lost, for the folder is emptied first */
async function checkFolder(out: string): Promise<void> {
  const { output } = await run(['git', 'ls-files', '--', out], { cwd: ROOT });
  if (!`${ROOT}${sep}`.startsWith(`${out}${sep}`) && (output === '' || output.startsWith('fatal:'))) return;
  throw new Error(`--out must be a folder that may be emptied, got ${out}, which holds files of the repository`);
}

async function write(out: string): Promise<void> {
  await checkFolder(out);
  process.chdir(ROOT);
  if (values.versions !== true) return build(out, values.revision);
  const releases = await writeVersions({
    root: ROOT,
    out,
    scope: readIdentity(ROOT).scope,
    build: (folder, to, revision) => (folder === ROOT ? build(to, revision) : buildRelease(folder, to, revision)),
  });
  console.log(`main and ${releases.length} releases: ${releases.map(({ version }) => version).join(', ') || 'none yet'}`);
}

if (values.help === true) console.log(HELP);
else {
  await write(resolve(values.out)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
