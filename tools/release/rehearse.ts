import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis } from '../redis/ensure.ts';
import { importedPackages, mismatch, programsOf } from '../stranger/readme.ts';
import { createStranger, strangerEnv, versionHere, type Stranger } from '../stranger/stranger.ts';
import { listPackages, type Manifest, type Package } from '../workspace/packages.ts';
import { run } from '../workspace/run.ts';
import { copyRepository, type Copy } from './copy.ts';
import { startRegistry, type RegistryStub } from './registry.ts';

const HELP = `npm run release:rehearse

Releases a copy of the last commit to a registry on loopback, twice: what is pending, then a change in one package.
Then an empty project installs the packages by name and runs each README's programs. No real registry is written to.

Exit status: 0 as expected, 1 not.`;

const NOTE = 'Rehearsed: a change in one package.';

/** Says what was checked; the first thing that is not as expected ends the rehearsal. */
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not as expected: ${what}`);
  console.log(`ok     ${what}`);
}

async function rehearse(registry: RegistryStub, folder: string): Promise<void> {
  const copy = await copyRepository(join(folder, 'repository'), registry);
  await release(copy, registry, 'what is pending');
  const before = versions(copy);
  writeFileSync(join(copy.folder, '.changeset', 'rehearsed.md'), `---\n'@nines/resilience': minor\n---\n\n${NOTE}\n`);
  await copy.commit('Change one package');
  await release(copy, registry, 'a change in @nines/resilience');
  checkBump(copy, before);
  const count = registry.published.length;
  await copy.run('npm', 'run', 'release:publish');
  check(registry.published.length === count, 'publishing again publishes nothing');
}

async function release(copy: Copy, registry: RegistryStub, what: string): Promise<void> {
  console.log(`run    release ${what}`);
  await copy.run('npm', 'run', 'release:version');
  await copy.run(process.execPath, 'tools/lock/main.ts', copy.folder);
  await copy.commit('Version packages');
  await copy.run('npm', 'run', 'release:publish');
  const names = listPackages(copy.folder).map(({ name, manifest }) => `${name}@${manifest.version}`);
  check(
    names.every((name) => registry.published.includes(name)),
    `published ${names.join(', ')}`,
  );
  const tags = (await copy.run('git', 'tag', '--points-at', 'HEAD')).split('\n');
  check(
    names.every((name) => tags.includes(name)),
    `tagged ${names.join(', ')}`,
  );
}

function versions(copy: Copy): string[] {
  return listPackages(copy.folder).map(({ manifest }) => manifest.version);
}

/** One version for all, higher than before, with ranges and changelogs to match. */
function checkBump(copy: Copy, before: readonly string[]): void {
  const packages = listPackages(copy.folder);
  const [version = ''] = versions(copy);
  check(
    packages.every(({ manifest }) => manifest.version === version),
    `all packages are ${version}`,
  );
  check(
    !before.includes(version) && minorOf(version) === minorOf(before[0] ?? '') + 1,
    `${before[0] ?? ''} became ${version}: one minor more`,
  );
  for (const one of packages) checkPackage(one, version);
  const example = JSON.parse(readFileSync(join(copy.folder, 'examples', 'gke-app', 'package.json'), 'utf8')) as Manifest;
  const ranges = Object.entries(example.dependencies ?? {}).filter(([name]) => name.startsWith('@nines/'));
  check(
    ranges.every(([, range]) => range === `^${version}`),
    `the example asks for ${ranges.map(([name, range]) => `${name} ${range}`).join(', ')}`,
  );
}

function checkPackage({ name, folder, manifest, siblings }: Package, version: string): void {
  const changelog = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8');
  const section = changelog.split(/^## /m).find((text) => text.startsWith(`${version}\n`));
  check(section !== undefined, `the changelog of ${name} has ${version}`);
  if (name === '@nines/resilience') check(section?.includes(NOTE) === true, `the changelog of ${name} says what changed`);
  for (const sibling of siblings) check(manifest.dependencies?.[sibling] === `^${version}`, `${name} asks for ${sibling} ^${version}`);
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** Someone who has nothing but the names. */
async function useByName(registry: RegistryStub, redisUrl: string): Promise<void> {
  const packages = listPackages();
  const stranger = createStranger(`@nines:registry=${registry.url}\n`);
  try {
    const programs = packages.flatMap((one) => programsOf(`packages/${one.short}/README.md`, readme(one)).slice(0, 1));
    const names = packages.map(({ name }) => name);
    const extra = new Set(['@opentelemetry/api', 'ioredis', ...programs.flatMap(({ code }) => importedPackages(code))]);
    const specs = await Promise.all(
      [...extra].filter((name) => !names.includes(name)).map(async (name) => `${name}@${await versionHere(name)}`),
    );
    await stranger.install(...names, ...specs);
    check(true, `an empty project installed ${names.join(', ')} by name`);
    for (const [index, program] of programs.entries()) await runProgram(stranger, program, `${redisUrl}/${index}`);
    check(programs.length === packages.length, `each of ${packages.length} READMEs shows a program (${programs.length} do)`);
  } finally {
    stranger.remove();
  }
}

function readme({ folder }: Package): string {
  try {
    return readFileSync(join(folder, 'README.md'), 'utf8');
  } catch {
    return '';
  }
}

async function runProgram({ folder }: Stranger, program: ReturnType<typeof programsOf>[number], redisUrl: string): Promise<void> {
  writeFileSync(join(folder, 'program.mts'), program.code);
  const env = { ...strangerEnv(), REDIS_URL: redisUrl };
  const { status, output } = await run([process.execPath, 'program.mts'], { cwd: folder, env, timeoutMs: 60_000 });
  const other = program.prints === undefined ? undefined : mismatch(program.prints, output);
  check(status === 0 && other === undefined, `the program of ${program.file} runs${status === 0 ? (other ?? '') : `\n${output}`}`);
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nines-release-')));
  const registry = await startRegistry();
  const redis = await ensureRedis();
  try {
    await rehearse(registry, folder);
    await useByName(registry, redis.url.replace(/\/\d*$/, ''));
    console.log('the release would go as planned');
    return 0;
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    console.log('FAILED the release would not go as planned');
    return 1;
  } finally {
    await redis.stop();
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
