import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../redis/machine.ts';
import { ROOT } from '../workspace/packages.ts';
import { run } from './docker-run.ts';

// Why this file: a bare Debian has neither cosign 3 nor buildx. Its unstable release has both; they are unpacked into a cache, by an apt
// with lists of its own, and installed nowhere. A machine that has them uses its own.

/** What signing, and asking a registry, needs beside Docker. */
export interface SupplyTools {
  /** Folders for the front of PATH. */
  readonly path: readonly string[];
  /** A folder for DOCKER_CONFIG, where `docker` finds buildx. */
  readonly dockerConfig: string;
  /** The registry's program. */
  readonly registry: string;
}

export interface NoTools {
  readonly reason: string;
}

const CACHE = join(ROOT, 'node_modules', '.cache', 'nines-supply');
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const FILES = {
  cosign: 'usr/bin/cosign',
  'docker-buildx': 'usr/libexec/docker/cli-plugins/docker-buildx',
  'docker-registry': 'usr/bin/docker-registry',
};
type Package = keyof typeof FILES;

/** Those of this machine, and from Debian what it has not. */
export async function findSupplyTools(): Promise<SupplyTools | NoTools> {
  const missing = await missingHere();
  try {
    if (missing.some((name) => !existsSync(cached(name)))) await unpack(missing);
    const dockerConfig = join(CACHE, 'docker');
    mkdirSync(join(dockerConfig, 'cli-plugins'), { recursive: true });
    const plugin = join(dockerConfig, 'cli-plugins', 'docker-buildx');
    rmSync(plugin, { force: true });
    if (missing.includes('docker-buildx')) symlinkSync(cached('docker-buildx'), plugin);
    return {
      path: missing.includes('cosign') ? [join(CACHE, 'root/usr/bin')] : [],
      dockerConfig,
      registry: onPath('docker-registry') ?? cached('docker-registry'),
    };
  } catch (error) {
    return { reason: `${missing.join(', ')} cannot be had here: ${(error as Error).message}` };
  }
}

function cached(name: Package): string {
  return join(CACHE, 'root', FILES[name]);
}

async function missingHere(): Promise<Package[]> {
  const buildx = await run('docker', ['buildx', 'version']).then(
    () => true,
    () => false,
  );
  return [
    ...(onPath('cosign') === undefined ? ['cosign' as const] : []),
    ...(buildx ? [] : ['docker-buildx' as const]),
    ...(onPath('docker-registry') === undefined ? ['docker-registry' as const] : []),
  ];
}

async function unpack(packages: readonly Package[]): Promise<void> {
  if (onPath('apt-get') === undefined) throw new Error('there is no apt-get');
  if (!existsSync(KEYRING)) throw new Error('the keys of Debian are not here; on Ubuntu: apt-get install debian-archive-keyring');
  const folder = join(CACHE, 'apt');
  rmSync(folder, { recursive: true, force: true });
  for (const path of ['lists/partial', 'archives/partial', 'packages', 'root']) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${KEYRING}] http://deb.debian.org/debian sid main\n`);
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'apt.conf'), configuration(folder));
  const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
  await run('apt-get', ['-qq', 'update'], { env, timeout: 120_000 });
  const into = join(folder, 'packages');
  await run('apt-get', ['-qq', 'download', ...packages], { env, cwd: into, timeout: 180_000 });
  for (const file of readdirSync(into)) await run('dpkg-deb', ['-x', file, join(folder, 'root')], { cwd: into });
  // In one step: what was stopped half-way is not taken for whole.
  rmSync(join(CACHE, 'root'), { recursive: true, force: true });
  renameSync(join(folder, 'root'), join(CACHE, 'root'));
  rmSync(folder, { recursive: true });
}

function configuration(folder: string): string {
  const settings = {
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::Status': join(folder, 'status'),
    'Dir::Cache': folder,
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    // apt's own user could not write here
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join('');
}
