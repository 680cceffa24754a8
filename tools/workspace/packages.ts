import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** One door of a package: `.`, `./prometheus`, … */
interface Entry {
  /** What a user imports: `@nines/queue/prometheus`. */
  readonly specifier: string;
  /** `index`, `prometheus`, … */
  readonly name: string;
  /** The TypeScript file behind it, absolute. */
  readonly source: string;
}

/** A package that is published. */
export interface Package {
  /** `queue` */
  readonly short: string;
  /** `@nines/queue` */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly entries: readonly Entry[];
  /** Packages of this repository that it depends on, by full name. */
  readonly siblings: readonly string[];
}

/** The published packages, those without siblings first, so that each comes after what it depends on. */
export function listPackages(root: string = ROOT): Package[] {
  const folders = globSync('packages/*/package.json', { cwd: root }).sort();
  const all = folders.map((file) => readPackage(join(root, file, '..'))).filter(({ manifest }) => manifest.private !== true);
  const ordered: Package[] = [];
  while (ordered.length < all.length) {
    const ready = all.filter((one) => !ordered.includes(one) && one.siblings.every((name) => ordered.some((done) => done.name === name)));
    if (ready.length === 0) throw new Error('the packages depend on each other in a circle');
    ordered.push(...ready);
  }
  return ordered;
}

function readPackage(folder: string): Package {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return {
    short: manifest.name.replace(/^@[^/]+\//, ''),
    name: manifest.name,
    folder,
    manifest,
    entries: Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => entry(folder, manifest.name, path, target)),
    siblings: Object.keys(manifest.dependencies ?? {}).filter((name) =>
      existsSync(join(folder, '..', name.replace(/^@nines\//, ''), 'package.json')),
    ),
  };
}

function entry(folder: string, name: string, path: string, target: string | Readonly<Record<string, unknown>>): Entry[] {
  if (typeof target === 'string') return [];
  const source = target['@nines/source'];
  if (typeof source !== 'string') throw new Error(`${name} exports ${path} without the condition @nines/source`);
  return [{ specifier: name + path.slice(1), name: path === '.' ? 'index' : path.slice(2), source: join(folder, source) }];
}
