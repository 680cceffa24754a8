import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from '../workspace/run.ts';
import { deadLinks } from './links.ts';
import { releasesOf, type Release } from './releases.ts';

/** Writes the site of what is checked out in a folder. */
export type BuildSite = (folder: string, out: string, revision: string) => Promise<void>;

export interface VersionsOptions {
  readonly root: string;
  readonly out: string;
  readonly scope: string;
  /** Builds the site of a folder; that of a release has nothing installed yet. */
  readonly build: BuildSite;
}

/**
 * Writes a folder for each release, `latest` for the newest, `main` for what is checked out, and a page that lists them. Every release is built from its
 * tag each time, so nothing has to be kept between two runs.
 *
 * @throws {Error} when one of them cannot be built or a link is dead: then nothing should be published
 */
export async function writeVersions({ root, out, scope, build }: VersionsOptions): Promise<readonly Release[]> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const tags = await runOk(['git', 'tag', '--list'], { cwd: root });
  const releases = releasesOf(tags.split('\n'), scope);
  await build(root, join(out, 'main'), 'main');
  for (const release of releases) await buildRelease(root, join(out, release.version), release, build);
  const [newest] = releases;
  if (newest !== undefined) cpSync(join(out, newest.version), join(out, 'latest'), { recursive: true });
  writeFileSync(join(out, 'index.html'), versionsPage(releases));
  const dead = deadLinks(out).map(({ page, link, why }) => `${page}: the link to "${link}" is dead, ${why}`);
  if (dead.length > 0) throw new Error(dead.join('\n'));
  return releases;
}

async function buildRelease(root: string, out: string, { tag }: Release, build: BuildSite): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  try {
    await runOk(['git', 'worktree', 'add', '--quiet', '--detach', folder, tag], { cwd: root });
    await build(folder, out, tag);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await runOk(['git', 'worktree', 'prune'], { cwd: root });
  }
}

function versionsPage(releases: readonly Release[]): string {
  const item = (folder: string, text: string) => `      <li><a href="${folder}/index.html">${text}</a></li>\n`;
  const [newest] = releases;
  const latest = newest === undefined ? '' : item('latest', `Latest release, ${newest.version}`);
  const numbered = releases.map(({ version }) => item(version, version)).join('');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Nines: versions</title>
  </head>
  <body>
    <h1>Nines: versions of the documentation</h1>
    <ul>
${latest}${item('main', 'Not released yet: main')}${numbered}    </ul>
  </body>
</html>
`;
}
