import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../workspace/packages.ts';

/**
 * The npm package whose classes were generated from the google provider 6.50.0: the one copy of the schema that npm can bring.
 * 31 MB, so it is no dependency; it is fetched when wanted, compared with its hash, and kept below `node_modules/.cache`.
 */
const NAME = '@cdktf/provider-google';
const VERSION = '16.12.1';
const INTEGRITY = 'sha512-KqNA/5RiFT07r0PSZ6/07cJ2zESUgbj1JchVj21iBFBZVUbD+578xA/k8eq/r0cbyEgLmg9eYWeVslaYah4DCQ==';
const CACHE = join(ROOT, 'node_modules/.cache/terraform');

/** The folder of the classes, or why it cannot be had. */
export function findLibrary(): { readonly library: string } | { readonly missing: string } {
  const home = join(CACHE, `provider-google-${VERSION}`);
  if (!existsSync(home)) {
    const missing = download(home);
    if (missing !== undefined) return { missing };
  }
  return { library: join(home, 'package/lib') };
}

/** Unpacks beside its place and is moved there when complete: two runs at once do not meet half of it. */
function download(home: string): string | undefined {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'download-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--fetch-retries=0', `${NAME}@${VERSION}`], {
      cwd: folder,
      timeout: 120_000,
      stdio: 'pipe',
    });
    const archive = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '');
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (`sha512-${hash}` !== INTEGRITY) return `${NAME}@${VERSION} is not the archive that was expected: sha512-${hash}`;
    execFileSync('tar', ['-xzf', archive, '--exclude=package/.jsii', 'package/lib'], { cwd: folder, timeout: 120_000, stdio: 'pipe' });
    rmSync(archive);
    if (!existsSync(home)) renameSync(folder, home);
    return undefined;
  } catch (error) {
    return `${NAME}@${VERSION} cannot be fetched: ${String(error).split('\n')[0]}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
