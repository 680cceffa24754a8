import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Under which name and where the packages are published: the one place that says so. */
export interface Identity {
  /** npm scope with its `@`. */
  readonly scope: string;
  /** Address of the repository, without `.git`. */
  readonly repository: string;
}

export interface Mismatch {
  readonly file: string;
  readonly message: string;
}

type Manifest = Record<string, unknown> & { readonly name: string };

/** @throws {Error} when the file names something that npm or a browser would refuse. */
export function readIdentity(root: string): Identity {
  const file = 'tools/identity/identity.json';
  const identity = JSON.parse(readFileSync(join(root, file), 'utf8')) as Identity;
  if (!/^@[a-z0-9][\w.-]*$/.test(identity.scope)) throw new Error(`${file}: scope must look like @name, got ${identity.scope}`);
  if (!/^https:\/\/[^/]+\/[^/]+\/[^/]+$/.test(identity.repository)) {
    throw new Error(`${file}: repository must look like https://host/owner/name, got ${identity.repository}`);
  }
  return identity;
}

/** The fields of a manifest that follow from the identity. */
export function fieldsOf({ scope, repository }: Identity, short: string): Record<string, unknown> {
  return {
    name: `${scope}/${short}`,
    repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${short}` },
    homepage: `${repository}/tree/main/packages/${short}#readme`,
    bugs: { url: `${repository}/issues` },
  };
}

/** Where GitHub Pages serves the docs site of a repository on GitHub. */
export function siteOf({ repository }: Pick<Identity, 'repository'>): string {
  const [, owner = '', name = ''] = /([^/]+)\/([^/]+)$/.exec(repository) ?? [];
  return `https://${owner.toLowerCase()}.github.io/${name}/`;
}

/** What in the manifests differs from the identity. */
export function checkIdentity(root: string, identity: Identity, shorts: readonly string[]): Mismatch[] {
  return shorts.flatMap((short) => {
    const file = `packages/${short}/package.json`;
    const manifest = readManifest(root, file);
    return Object.entries(fieldsOf(identity, short))
      .filter(([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value))
      .map(([field, value]) => ({ file, message: `${field} must be ${JSON.stringify(value)}, got ${JSON.stringify(manifest[field])}` }));
  });
}

/** Writes the identity into the manifests and, what of it is another than before, into every tracked text. Returns the changed files. */
export function applyIdentity(root: string, identity: Identity, shorts: readonly string[]): string[] {
  const before = readManifest(root, `packages/${shorts[0]}/package.json`);
  const address = addressOf(before) ?? identity.repository;
  const changed = [
    ...rename(root, before.name.split('/')[0] ?? '', identity.scope),
    ...rename(root, address, identity.repository),
    ...rename(root, siteOf({ repository: address }), siteOf(identity)),
  ];
  for (const short of shorts) {
    const file = `packages/${short}/package.json`;
    const manifest = readManifest(root, file);
    const { name, ...fields } = fieldsOf(identity, short);
    const text = `${JSON.stringify({ ...manifest, name, ...fields }, undefined, 2)}\n`;
    if (text === readFileSync(join(root, file), 'utf8')) continue;
    writeFileSync(join(root, file), text);
    changed.push(file);
  }
  return [...new Set(changed)];
}

/** `nines` without the `@`, as in Redis keys and metrics, is not the scope and stays. */
function rename(root: string, from: string, to: string): string[] {
  if (from === to) return [];
  const found = execFileSync('git', ['grep', '-lzI', '--fixed-strings', from], { cwd: root, encoding: 'utf8' });
  const files = found.split('\0').filter((file) => file !== '');
  const whole = new RegExp(`${from.replaceAll('.', String.raw`\.`)}(?![\\w-])`, 'g');
  for (const file of files) writeFileSync(join(root, file), readFileSync(join(root, file), 'utf8').replaceAll(whole, to));
  return files;
}

function addressOf({ repository }: Manifest): string | undefined {
  const url = (repository as { readonly url?: string } | undefined)?.url;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '');
}

function readManifest(root: string, file: string): Manifest {
  return JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
}
