import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../tools/offline/docker-run.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

/** The working copy as it is, in one commit of a repository of its own: the scripts of `deploy/scripts` run in it. */
export interface Clone {
  readonly folder: string;
  /** Above it, for what is in no commit. */
  readonly home: string;
  readonly sha: string;
  /** Runs `deploy/scripts/NAME`. */
  script(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran>;
  remove(): void;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function makeClone(): Promise<Clone> {
  const home = mkdtempSync(join(tmpdir(), 'nines-supply-'));
  const folder = join(home, 'repository');
  await copyWorkingCopy(folder);
  const git = (...args: string[]): Promise<string> => run('git', args, { cwd: folder });
  await git('init', '--quiet');
  await git('add', '--all');
  await git(...'-c user.name=test -c user.email=test@example.com -c commit.gpgsign=false commit --quiet --message one'.split(' '));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, '.git/info/exclude'), 'node_modules\n');
  return {
    folder,
    home,
    sha: (await git('rev-parse', 'HEAD')).trim(),
    script: (name, args, env) => execute(join(folder, 'deploy/scripts', name), args, env),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Also what is in no commit yet; not what Git ignores, nor what was deleted. */
async function copyWorkingCopy(folder: string): Promise<void> {
  const list = async (...args: string[]): Promise<string[]> =>
    (await run('git', ['ls-files', '-z', ...args], { cwd: ROOT })).split('\0').filter((file) => file !== '');
  const deleted = new Set(await list('--deleted'));
  for (const file of await list('--cached', '--others', '--exclude-standard')) {
    if (deleted.has(file)) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file), { verbatimSymlinks: true });
  }
}

/** An exit status is an answer here, not an error. */
function execute(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 300_000, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ status: typeof code === 'number' ? code : -1, stdout, stderr });
    });
  });
}
