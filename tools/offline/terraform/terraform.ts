import { execFile, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../workspace/packages.ts';
import { findLibrary } from './package.ts';
import { startProvider, type StandIn } from './provider.ts';
import { schemaFor } from './schema.ts';

/**
 * Runs terraform on a copy of a root module, so that nothing is left in the tree and a test may spoil it.
 * The provider is the real one where the registry can be reached (GitHub's runners), and the stand-in everywhere else.
 */
export interface Root {
  readonly folder: string;
  readonly provider: 'real' | 'stand-in';
  run(...args: string[]): Promise<Result>;
  remove(): void;
}

export interface Result {
  readonly status: number;
  readonly output: string;
}

/** Why terraform cannot check anything here, or undefined. */
export function missingTool(): string | undefined {
  const { status } = spawnSync('terraform', ['version'], { stdio: 'ignore', env: quiet() });
  if (status !== 0) return 'terraform is not on PATH';
  if (isGitHub()) return undefined;
  const found = findLibrary();
  return 'missing' in found ? found.missing : undefined;
}

/** A copy of `source`, with `spoil` (path → text) written over it, initialized without a backend. */
export async function openRoot(source: string, spoil: Readonly<Record<string, string>> = {}): Promise<Root> {
  const folder = mkdtempSync(join(tmpdir(), 'terraform-'));
  cpSync(source, folder, { recursive: true, filter: (path) => !path.includes('.terraform') });
  for (const [path, text] of Object.entries(spoil)) writeFileSync(join(folder, path), text);
  const standIn = isGitHub() ? undefined : await startStandIn(folder);
  const env = standIn === undefined ? quiet() : { ...quiet(), TF_REATTACH_PROVIDERS: standIn.reattach };
  const run = (...args: string[]): Promise<Result> => execute(folder, env, args);
  const initialized = await run('init', '-backend=false', '-input=false', '-no-color');
  if (initialized.status !== 0) throw new Error(initialized.output);
  const remove = (): void => {
    standIn?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, provider: standIn === undefined ? 'real' : 'stand-in', run, remove };
}

/** The stand-in for the types that the configuration in this folder names. */
export async function startStandIn(folder: string): Promise<StandIn> {
  const found = findLibrary();
  if ('missing' in found) throw new Error(found.missing);
  const text = globSync('*.tf', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
  return startProvider(schemaFor(found.library, text.join('\n')));
}

function execute(cwd: string, env: NodeJS.ProcessEnv, args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile('terraform', args, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}

function isGitHub(): boolean {
  return process.env['GITHUB_ACTIONS'] === 'true';
}

/** No machine's own settings, no calls home, and the real provider (100 MB) downloaded once. */
function quiet(): NodeJS.ProcessEnv {
  const plugins = join(ROOT, 'node_modules/.cache/terraform/plugins');
  mkdirSync(plugins, { recursive: true });
  return {
    ...process.env,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_CLI_CONFIG_FILE: devNull,
    TF_PLUGIN_CACHE_DIR: plugins,
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
  };
}
