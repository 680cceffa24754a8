import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../build/build.ts';
import { listPackages, ROOT } from '../workspace/packages.ts';
import { mapLimit, runOk } from '../workspace/run.ts';

/** An empty project of someone who knows our packages by their tarballs or names only. It lives outside of the repository. */
export interface Stranger {
  readonly folder: string;
  /** Installs packages; no install script runs. */
  install(...specs: string[]): Promise<void>;
  remove(): void;
}

export function createStranger(npmrc = ''): Stranger {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nines-stranger-')));
  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "version": "1.0.0", "private": true, "type": "module" }\n');
  writeFileSync(join(folder, '.npmrc'), `fund=false\naudit=false\nupdate-notifier=false\nloglevel=error\n${npmrc}`);
  return {
    folder,
    async install(...specs) {
      await runOk(['npm', 'install', '--prefer-offline', '--ignore-scripts', '--save-exact', ...specs], {
        cwd: folder,
        env: strangerEnv(),
      });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Nothing of the npm script or test runner that we run in may reach a stranger's commands. */
export function strangerEnv(): Record<string, string | undefined> {
  const ours =
    /^(npm_(?!config_(registry|cache|userconfig|https?_proxy|proxy|noproxy|cafile)$)|VITEST|NODE_ENV$|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$|TEST$|DEV$|MODE$|PROD$)/;
  return Object.fromEntries(
    Object.keys(process.env)
      .filter((key) => ours.test(key))
      .map((key) => [key, undefined]),
  );
}

/** Builds what is not built and packs every package: full name → path of its tarball. */
export async function packAll(folder: string): Promise<Map<string, string>> {
  await build();
  const packed = await mapLimit(listPackages(), 2, async (one) => {
    const printed = await runOk(['npm', 'pack', '--pack-destination', folder, '--loglevel=error'], { cwd: one.folder, env: strangerEnv() });
    const file = printed.trim().split('\n').at(-1) ?? '';
    if (!readdirSync(folder).includes(file)) throw new Error(`npm pack of ${one.name} left no ${file}:\n${printed}`);
    return [one.name, join(folder, file)] as const;
  });
  return new Map(packed);
}

/** The version of a third-party package that this repository uses. */
export async function versionHere(name: string): Promise<string> {
  const module = (await import(join(ROOT, 'node_modules', name, 'package.json'), { with: { type: 'json' } })) as {
    default: { version: string };
  };
  return module.default.version;
}
