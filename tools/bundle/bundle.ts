import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { ROOT } from '../workspace/packages.ts';

export const SERVICES = ['api', 'worker'] as const;
export type Service = (typeof SERVICES)[number];

export interface Bundle {
  readonly service: Service;
  readonly file: string;
  readonly bytes: number;
  /** The npm packages inside, `name@version`. */
  readonly packages: readonly string[];
}

/**
 * OpenTelemetry's ES modules load some packages through a `require` of their own making, which a bundler cannot see: the
 * bundle would look for node_modules at its start. Spelled plainly, esbuild takes them in.
 */
export const plainRequire: Plugin = {
  name: 'plain-require',
  setup(esbuild) {
    esbuild.onLoad({ filter: /[\\/]@opentelemetry[\\/].*\.mjs$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replaceAll('__require(', 'require(');
      return { contents, loader: 'js' };
    });
  },
};

/** Packages that others use when they happen to be there. Left out always, so that a bundle does not depend on what else is installed. */
const ABSENT: readonly string[] = ['supports-color'];

/** Node's own modules are still required at run time: that is what the instrumentations hook into. */
export const banner =
  "import { createRequire as nodeCreateRequire } from 'node:module';\nconst require = nodeCreateRequire(import.meta.url);";

/**
 * Puts a service of the example and all it needs into one ES module, beside it the licences of what is inside.
 *
 * @throws Error when something would still be looked for in a node_modules folder.
 */
export async function bundle(service: Service, folder: string): Promise<Bundle> {
  const file = join(folder, `${service}.mjs`);
  const metafile = await bundleProgram(`examples/gke-app/src/${service}/main.ts`, file);
  const folders = packageFolders(metafile);
  writeFileSync(join(folder, `${service}.licenses.txt`), folders.map(licence).join('\n'));
  return { service, file, bytes: Object.values(metafile.outputs)[0]?.bytes ?? 0, packages: folders.map(title) };
}

/**
 * Puts the program that begins at `entry`, a path from the root of the repository, into one ES module, without the packages
 * that it would use if they were there.
 *
 * @throws Error when something would still be looked for in a node_modules folder.
 */
export async function bundleProgram(entry: string, file: string, absent: readonly string[] = ABSENT): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    conditions: ['@nines/source'],
    // Names stay as they are: a stack trace is read without a source map.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: banner },
    external: [...absent],
    plugins: [plainRequire],
    metafile: true,
    logLevel: 'warning',
  });
  const [output] = Object.values(metafile.outputs);
  const missing = output?.imports.find(({ external, path }) => external === true && !isBuiltin(path) && !absent.includes(path));
  if (missing !== undefined) throw new Error(`${entry}: ${missing.path} is not in the bundle; run npm ci, then try again`);
  return metafile;
}

function packageFolders(metafile: Metafile): string[] {
  const folders = Object.keys(metafile.inputs).flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(folders)].sort().map((folder) => join(ROOT, folder));
}

function manifest(folder: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
}

function title(folder: string): string {
  const { name, version } = manifest(folder);
  return `${String(name)}@${String(version)}`;
}

function licence(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file === undefined ? 'The package has no licence file.\n' : readFileSync(join(folder, file), 'utf8');
  return `${'='.repeat(80)}\n${title(folder)} (${String(manifest(folder)['license'])})\n\n${text}`;
}
