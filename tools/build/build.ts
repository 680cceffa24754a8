import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listPackages, ROOT, type Package } from '../workspace/packages.ts';
import { mapLimit, runOk } from '../workspace/run.ts';

/** Where the digest of what was built last is kept: outside of `dist`, which is published. */
const STAMPS = join(ROOT, 'node_modules', '.cache', 'nines-build');
const TSUP = join(ROOT, 'node_modules', 'tsup', 'dist', 'cli-default.js');

export interface BuildOptions {
  /** Builds even what has not changed since the last build. */
  readonly force?: boolean;
  readonly say?: (line: string) => void;
}

/** Builds the packages into their `dist`, each after what it depends on; what has not changed since is left as it is. */
export async function build(options: BuildOptions = {}): Promise<void> {
  const packages = listPackages();
  const digests = new Map<string, string>();
  const waiting = new Set(packages);
  while (waiting.size > 0) {
    const ready = [...waiting].filter((one) => one.siblings.every((name) => digests.has(name)));
    await mapLimit(ready, 2, async (one) => {
      const digest = digestOf(
        one,
        one.siblings.map((name) => digests.get(name) ?? ''),
      );
      await buildOne(one, digest, options);
      digests.set(one.name, digest);
      waiting.delete(one);
    });
  }
}

async function buildOne(one: Package, digest: string, { force = false, say = () => {} }: BuildOptions): Promise<void> {
  const stamp = join(STAMPS, one.short);
  const built = existsSync(join(one.folder, 'dist')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (built && !force) {
    say(`${one.name} has not changed`);
    return;
  }
  rmSync(stamp, { force: true });
  await runOk([process.execPath, TSUP, '--silent'], { cwd: one.folder });
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, digest);
  say(`${one.name} is built`);
}

/** Of everything that decides what is built: sources, manifest, build configuration, what it depends on, the tools' versions. */
function digestOf(one: Package, siblings: readonly string[]): string {
  const hash = createHash('sha256').update(siblings.join());
  const own = globSync('src/**/*.*', { cwd: one.folder }).filter((file) => !/\.test(-d)?\.ts$/.test(file));
  const files = [...own.sort(), 'package.json', 'tsup.config.ts'].map((file) => join(one.folder, file));
  for (const file of [...files, join(ROOT, 'tools', 'toolchain', 'tsup.ts'), join(ROOT, 'package-lock.json')]) {
    hash.update(`${file.slice(ROOT.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}
