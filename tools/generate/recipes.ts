import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Generator } from './files.ts';

type Versions = Record<string, string>;

/**
 * The versions in the manifests of `examples/recipes`: those of our packages and of what is installed here, so that a recipe names what
 * it was tested with. Recipes are no workspaces: each is a project that can be copied away.
 */
export function recipesGenerator(root: string): Generator {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const manifests = globSync('examples/recipes/*/package.json', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  const installed = (name: string) => (JSON.parse(read(`node_modules/${name}/package.json`)) as { version: string }).version;
  return {
    name: 'recipes',
    folders: [],
    files: () => manifests.toSorted().map((path) => ({ path, text: withVersions(read(path), installed) })),
  };
}

/** The manifest with each dependency at its installed version. */
export function withVersions(manifest: string, installed: (name: string) => string): string {
  const parsed = JSON.parse(manifest) as { dependencies?: Versions; devDependencies?: Versions };
  for (const versions of [parsed.dependencies ?? {}, parsed.devDependencies ?? {}]) {
    // Here the compiler has another name beside its predecessor, which the tools need.
    for (const name of Object.keys(versions)) versions[name] = installed(name === 'typescript' ? '@typescript/native' : name);
  }
  return `${JSON.stringify(parsed, undefined, 2)}\n`;
}
