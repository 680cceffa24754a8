/** What npm writes for one installed package. */
interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, Entry>>;
}

/** A `package.json` and the folder it is in, `''` for the root. */
export interface Manifest {
  readonly folder: string;
  readonly manifest: Entry;
}

/**
 * Why `npm ci` would fail or behave differently elsewhere: a package without integrity, an address of some registry,
 * an optional platform package that npm left out, a manifest changed without its lock.
 */
export function checkLock(lock: Lock, manifests: readonly Manifest[]): string[] {
  const entries = Object.entries(lock.packages);
  return [
    ...entries.flatMap(([path, entry]) => entryProblems(path, entry)),
    ...entries.flatMap(([path, entry]) => missing(lock, path, entry)),
    ...manifests.flatMap((one) => outdated(lock, one)),
  ];
}

function entryProblems(path: string, entry: Entry): string[] {
  if (!path.includes('node_modules/') || entry.link === true) return [];
  const problems: string[] = [];
  if (entry.integrity === undefined && entry.inBundle !== true) problems.push(`${path} has no integrity`);
  if (entry.resolved !== undefined) problems.push(`${path} records the address ${new URL(entry.resolved).origin}`);
  return problems;
}

function missing(lock: Lock, path: string, entry: Entry): string[] {
  const kinds = [
    ['optional ', entry.optionalDependencies],
    ['', path.includes('node_modules/') ? entry.dependencies : { ...entry.dependencies, ...entry.devDependencies }],
  ] as const;
  return kinds.flatMap(([kind, wanted]) =>
    Object.keys(wanted ?? {}).flatMap((name) =>
      locked(lock, path, name) ? [] : [`${kind}${name} of ${path || 'the root'} is not in the lock`],
    ),
  );
}

/** Looks for the package as Node would: in the folder itself, then in each folder above. */
function locked(lock: Lock, path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in lock.packages) return true;
    if (folder === '') return false;
  }
}

function outdated(lock: Lock, { folder, manifest }: Manifest): string[] {
  const entry = lock.packages[folder];
  if (entry === undefined) return [`the workspace ${folder} is not in the lock`];
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
  return kinds.flatMap((kind) => {
    const names = new Set([...Object.keys(manifest[kind] ?? {}), ...Object.keys(entry[kind] ?? {})]);
    return [...names].flatMap((name) => {
      const [wanted, has] = [manifest[kind]?.[name] ?? 'nothing', entry[kind]?.[name] ?? 'nothing'];
      return wanted === has ? [] : [`${name} in ${kind} of ${folder || 'the root'}: the manifest says ${wanted}, the lock ${has}`];
    });
  });
}
