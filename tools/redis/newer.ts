import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './machine.ts';

const run = promisify(execFile);

/** A server of a newer generation than the one that Debian 12 has (Redis 7.0), to run the conformance suites on. */
export interface NewerServer {
  /** `Redis` or `Valkey`. */
  readonly product: string;
  /** What it says of itself: `8.1.1`. */
  readonly version: string;
  /** Its path; takes the arguments of `redis-server`. */
  readonly program: string;
}

/** The servers that can be had here, and why others cannot. */
export interface NewerServers {
  readonly servers: readonly NewerServer[];
  /** One sentence; empty when nothing is missing. */
  readonly reason: string;
}

/** Where the packages come from: the newest stable suite, read with an apt configuration of our own, so that nothing on the machine changes. */
const SUITE = 'trixie';
/** Below the root of the repository. */
export const NEWER_CACHE = 'node_modules/.cache/nines';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** The server is in the tools package, under the name of its checker: one program, which looks at the name that it is called by. */
const PRODUCTS = [
  { product: 'Valkey', package: 'valkey-tools', file: 'valkey-check-rdb', name: 'valkey-server' },
  { product: 'Redis', package: 'redis-tools', file: 'redis-check-rdb', name: 'redis-server' },
] as const;
/** What these link to. The suite's C library is newer than ours, so it comes too, with its own loader. */
const LIBRARIES = 'libc6 libatomic1 libgcc-s1 libstdc++6 libjemalloc2 liblzf1 libssl3t64 libsystemd0 libcap2 libzstd1 zlib1g'.split(' ');

/**
 * Servers of version 8: those on PATH; else, on Debian with apt, the packages of the newest stable suite, unpacked below `cache`
 * and run with the suite's own C library. Nothing is installed and no setting of the machine changes.
 */
export async function newerServers(cache: string): Promise<NewerServers> {
  const here = (await Promise.all(PRODUCTS.map(async ({ name }) => describe(onPath(name))))).filter((server) => server !== undefined);
  const newer = here.filter(({ version }) => Number.parseInt(version, 10) >= 8);
  const missing = PRODUCTS.filter(({ product }) => !newer.some((server) => server.product === product));
  if (missing.length === 0) return { servers: newer, reason: '' };
  const folder = join(cache, `redis-${SUITE}`);
  try {
    if (!existsSync(folder)) await unpack(folder);
  } catch (error) {
    return { servers: newer, reason: `no ${missing.map(({ product }) => `${product} 8`).join(', no ')}: ${reasonOf(error)}` };
  }
  const fetched = await Promise.all(missing.map(({ name }) => describe(join(folder, name))));
  return { servers: [...newer, ...fetched.filter((server) => server !== undefined)], reason: '' };
}

async function describe(program: string | undefined): Promise<NewerServer | undefined> {
  if (program === undefined) return undefined;
  const { stdout } = await run(program, ['--version']);
  const [, product, version] = /^(Redis|Valkey) server v=(\S+)/i.exec(stdout) ?? [];
  return product === undefined || version === undefined ? undefined : { product, version, program };
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0] ?? '';
}

async function unpack(folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('only Debian on x64 has the packages that this takes');
  if (onPath('apt-get') === undefined || onPath('dpkg') === undefined || !existsSync(KEYRING))
    throw new Error("needs apt-get, dpkg and Debian's keyring");
  mkdirSync(join(folder, '..'), { recursive: true });
  // Two that fetch at once do not disturb each other: each has a folder of its own, and the first to be done gives it its name.
  const mine = mkdtempSync(`${folder}-`);
  try {
    await download(mine);
    for (const { name, file } of PRODUCTS) wrap(mine, folder, name, file);
    if (!existsSync(folder)) renameSync(mine, folder);
  } finally {
    rmSync(mine, { recursive: true, force: true });
  }
}

async function download(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name);
  for (const name of ['lists/partial', 'cache/archives/partial', 'packages']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('sources.list'), `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${SUITE} main\n`);
  writeFileSync(at('status'), '');
  const settings = {
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': at('lists'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
  };
  const options = ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  const limits = { timeout: 120_000, cwd: at('packages') };
  await run('apt-get', [...options, 'update'], limits);
  await run('apt-get', [...options, 'download', ...PRODUCTS.map((one) => one.package), ...LIBRARIES], limits);
  for (const name of readdirSync(at('packages'))) await run('dpkg', ['-x', join(at('packages'), name), at('root')]);
  for (const name of ['lists', 'cache', 'packages', 'sources.list', 'status']) rmSync(at(name), { recursive: true, force: true });
}

/** A program that replaces itself by the server under its proper name, so that signals and the process id are the server's. */
function wrap(mine: string, folder: string, name: string, file: string): void {
  const root = join(folder, 'root');
  const loader = join(root, 'usr/lib64/ld-linux-x86-64.so.2');
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const command = [loader, '--library-path', libraries, '--argv0', name, join(root, 'usr/bin', file)];
  writeFileSync(join(mine, name), `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(join(mine, name), 0o755);
}
