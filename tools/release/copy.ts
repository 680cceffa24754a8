import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strangerEnv } from '../stranger/stranger.ts';
import { ROOT } from '../workspace/packages.ts';
import { runOk } from '../workspace/run.ts';
import type { RegistryStub } from './registry.ts';

/** A copy of the last commit with the installed dependencies, in which a release does no harm. */
export interface Copy {
  readonly folder: string;
  /** Runs a command in the copy and returns what it printed. */
  run(...command: string[]): Promise<string>;
  commit(message: string): Promise<void>;
}

/** Clones the last commit; our scope, and nothing else, belongs to the stub there. */
export async function copyRepository(folder: string, registry: RegistryStub): Promise<Copy> {
  await runOk(['git', 'clone', '--quiet', '--no-local', ROOT, folder]);
  linkModules(folder);
  const { host } = new URL(registry.url);
  await appendFile(join(folder, '.npmrc'), `@nines:registry=${registry.url}\n//${host}/:_authToken=${registry.token}\n`);
  const path = `${join(folder, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  const env = { ...strangerEnv(), PATH: path, CI: 'true', NPM_CONFIG_PROVENANCE: undefined };
  const run = (...command: string[]) => runOk(command, { cwd: folder, env });
  for (const [key, value] of [
    ['user.name', 'rehearsal'],
    ['user.email', 'rehearsal@localhost'],
    ['commit.gpgsign', 'false'],
    ['tag.gpgsign', 'false'],
  ] as const) {
    await run('git', 'config', key, value);
  }
  await run('git', 'update-index', '--assume-unchanged', '.npmrc');
  return {
    folder,
    run,
    async commit(message) {
      await run('git', 'add', '--all');
      await run('git', 'commit', '--quiet', '--allow-empty', '--message', message);
    },
  };
}

/** Shares the installed third-party packages; ours are linked to the copy's own folders. */
function linkModules(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@nines'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@nines' && name !== '.cache') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(modules, '@nines', name));
    const nested = join(ROOT, 'packages', name, 'node_modules');
    if (existsSync(nested)) symlinkSync(nested, join(folder, 'packages', name, 'node_modules'));
  }
}
