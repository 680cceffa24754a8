import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { run } from '../workspace/run.ts';
import { releasesOf } from './releases.ts';
import { writeVersions, type BuildSite } from './versions.ts';

test('a release is the last patch of its minor, newest first, by number and not by text', () => {
  const tags = ['0.9.0', '0.10.0', '0.10.2', '0.10.1', '1.0.0-next.1'].map((version) => `@nines/slo@${version}`);
  expect(releasesOf([...tags, '@nines/queue@0.10.2', '@other/slo@2.0.0', 'v3.0.0', ''], '@nines')).toEqual([
    { version: '0.10.2', tag: '@nines/slo@0.10.2' },
    { version: '0.9.0', tag: '@nines/slo@0.9.0' },
  ]);
});

test('of many releases the newest eight are shown', () => {
  const tags = Array.from({ length: 12 }, (_, minor) => `@nines/slo@1.${minor}.0`);
  expect(releasesOf(tags, '@nines').map(({ version }) => version)).toEqual([11, 10, 9, 8, 7, 6, 5, 4].map((minor) => `1.${minor}.0`));
});

/** A repository whose only file says which version it is, with these releases behind what is checked out. */
function repository(versions: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'versions-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false', ...args], {
      cwd: root,
    });
  git('init', '--quiet');
  for (const version of [...versions, 'main']) {
    writeFileSync(join(root, 'says'), version);
    git('add', '--all');
    git('commit', '--quiet', '--message', version);
    if (version !== 'main') git('tag', `@nines/slo@${version}`);
  }
  return root;
}

const build: BuildSite = async (folder, out, revision) => {
  mkdirSync(out);
  writeFileSync(join(out, 'index.html'), `<p>${readFileSync(join(folder, 'says'), 'utf8')} as ${revision}</p>`);
};

test('each release is built from its tag, the newest is latest too, and a page lists all', async () => {
  const root = repository(['0.1.0', '0.2.0']);
  const out = join(mkdtempSync(join(tmpdir(), 'versions-')), 'site');
  await writeVersions({ root, out, scope: '@nines', build });
  const says = (folder: string) => readFileSync(join(out, folder, 'index.html'), 'utf8');
  expect(['main', '0.1.0', '0.2.0', 'latest'].map(says)).toEqual([
    '<p>main as main</p>',
    '<p>0.1.0 as @nines/slo@0.1.0</p>',
    '<p>0.2.0 as @nines/slo@0.2.0</p>',
    '<p>0.2.0 as @nines/slo@0.2.0</p>',
  ]);
  const links = [...readFileSync(join(out, 'index.html'), 'utf8').matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
  expect(links).toEqual(['latest', 'main', '0.2.0', '0.1.0'].map((folder) => `${folder}/index.html`));
  expect(execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' }).trim().split('\n')).toHaveLength(1);
});

test('before the first release there is main alone; what was there before is gone', async () => {
  const root = repository([]);
  const out = join(mkdtempSync(join(tmpdir(), 'versions-')), 'site');
  mkdirSync(join(out, '0.0.9'), { recursive: true });
  await writeVersions({ root, out, scope: '@nines', build });
  expect(readdirSync(out).toSorted()).toEqual(['index.html', 'main']);
  expect(existsSync(join(out, 'main/index.html'))).toBe(true);
});

test('a release that cannot be built, or has a dead link, is refused and leaves no work tree', async () => {
  const root = repository(['0.1.0']);
  const out = join(mkdtempSync(join(tmpdir(), 'versions-')), 'site');
  const failing: BuildSite = (folder, to, revision) =>
    revision === 'main' ? build(folder, to, revision) : Promise.reject(new Error(`${revision} is broken`));
  await expect(writeVersions({ root, out, scope: '@nines', build: failing })).rejects.toThrow('@nines/slo@0.1.0 is broken');
  expect(execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' }).trim().split('\n')).toHaveLength(1);
  const dead: BuildSite = async (_folder, to) => {
    mkdirSync(to);
    writeFileSync(join(to, 'index.html'), '<a href="gone.html">gone</a>');
  };
  await expect(writeVersions({ root, out, scope: '@nines', build: dead })).rejects.toThrow(
    'main/index.html: the link to "gone.html" is dead, there is no main/gone.html',
  );
});

test.each(['.', '..', 'docs'])('the site is not written over what is in the repository: --out %s', async (out) => {
  const { status, output } = await run([process.execPath, 'tools/docs/main.ts', '--out', out], { cwd: ROOT });
  expect(status).toBe(1);
  expect(output.trim()).toBe(`--out must be a folder that may be emptied, got ${resolve(ROOT, out)}, which holds files of the repository`);
});
