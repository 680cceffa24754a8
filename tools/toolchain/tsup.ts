import type { Options } from 'tsup';

/** One build shape for every package: ESM and CJS with types and source maps, one output file an entry. */
export function packageBuild(entries: readonly string[]): Options {
  return {
    entry: Object.fromEntries(entries.map((name) => [name, `src/${name}.ts`])),
    format: ['esm', 'cjs'],
    dts: { compilerOptions: { rootDir: undefined, customConditions: ['@nines/source'], ignoreDeprecations: '6.0' } },
    // A sibling, and an entry of the package itself, is loaded by its name: one copy, shared state.
    external: [/^@nines\//],
    sourcemap: true,
    clean: true,
    splitting: false,
    target: 'node22',
    platform: 'node',
    outDir: 'dist',
  };
}
