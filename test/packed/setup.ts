import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureRedis, RedisUnavailable, type EnsuredRedis } from '../../tools/redis/ensure.ts';
import { importedPackages, programsOf, programsOfDocstrings, type Program } from '../../tools/stranger/readme.ts';
import { createStranger, packAll, versionHere } from '../../tools/stranger/stranger.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of a stranger's project with all packages installed from their tarballs. */
    strangerFolder: string;
    /** Full name → tarball. */
    tarballs: Readonly<Record<string, string>>;
    programs: readonly Program[];
    /** Empty where there can be no Redis (Windows). */
    packedRedisUrl: string;
  }
}

/** Packs every package and installs the tarballs once, with what the documents' programs import, for all packed tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stranger = createStranger();
  const redis = await redisIfPossible();
  const stop = async () => {
    stranger.remove();
    await redis?.stop();
  };
  try {
    const tarballs = await packAll(stranger.folder);
    const shown = documents().flatMap((file) => programsOf(file, readFileSync(join(ROOT, file), 'utf8')));
    const programs = [...shown, ...examples(shown), ...docstrings()];
    const extra = new Set([
      '@types/express',
      '@types/node',
      '@types/opossum',
      '@opentelemetry/api',
      'ioredis',
      ...programs.flatMap(({ code }) => importedPackages(code)),
    ]);
    const specs = await Promise.all(
      [...extra].filter((name) => !tarballs.has(name)).map(async (name) => `${name}@${await versionHere(name)}`),
    );
    await stranger.install(...[...tarballs.values()].map((file) => `./${basename(file)}`), ...specs);
    project.provide('strangerFolder', stranger.folder);
    project.provide('tarballs', Object.fromEntries(tarballs));
    project.provide('programs', programs);
    project.provide('packedRedisUrl', redis?.url ?? '');
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function redisIfPossible(): Promise<EnsuredRedis | undefined> {
  try {
    return await ensureRedis();
  } catch (error) {
    if (process.platform === 'win32' && error instanceof RedisUnavailable) return undefined;
    throw error;
  }
}

/** The documents whose programs must run: the root README, each package's, the guides. */
function documents(): string[] {
  return globSync(['README.md', 'packages/*/README.md', 'docs/*.md', 'docs/guides/*.md'], { cwd: ROOT }).sort();
}

/** The runnable files of each package that no document shows whole; they import it by its name, so they run anywhere. */
function examples(shown: readonly Program[]): Program[] {
  const known = new Set(shown.map(({ code }) => code.trim()));
  const files = globSync('packages/*/examples/*.ts', { cwd: ROOT }).sort();
  const programs = files.map((file) => ({ file, line: 1, code: readFileSync(join(ROOT, file), 'utf8'), prints: undefined }));
  return programs.filter(({ code }) => !known.has(code.trim()));
}

/** The examples in the docstrings of what users import. */
function docstrings(): Program[] {
  const files = globSync('packages/*/src/**/*.ts', { cwd: ROOT }).filter((file) => !/\.(test|gen)\.ts$/.test(file));
  return files.sort().flatMap((file) => programsOfDocstrings(file, readFileSync(join(ROOT, file), 'utf8')));
}
