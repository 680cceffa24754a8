import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { strangerEnv } from '../../tools/stranger/stranger.ts';
import { TYPESCRIPT_VERSIONS, typescriptCompiler } from '../../tools/stranger/toolchains.ts';
import { listPackages } from '../../tools/workspace/packages.ts';
import { run } from '../../tools/workspace/run.ts';

const folder = inject('strangerFolder');
const specifiers = listPackages().flatMap(({ entries }) => entries.map(({ specifier }) => specifier));

const MODES: readonly (readonly [resolution: string, module: string])[] = [
  ['node16', 'node16'],
  ['node16', 'node20'],
  ['nodenext', 'nodenext'],
  ['bundler', 'preserve'],
];

const uses = specifiers.map((_, index) => `entry${index}`).join(', ');
const CONSUMERS: Readonly<Record<string, string>> = {
  'consumer.mts': `${specifiers.map((one, index) => `import * as entry${index} from '${one}';`).join('\n')}\nexport const all: unknown[] = [${uses}];\n`,
  'consumer.cts': `${specifiers.map((one, index) => `import entry${index} = require('${one}');`).join('\n')}\nexport const all: unknown[] = [${uses}];\n`,
};

/** `module: node20` came with TypeScript 5.9. */
const modesOf = (version: string) => MODES.filter(([, module]) => module !== 'node20' || !version.startsWith('5.6'));
const projectOf = (version: string, [resolution, module]: (typeof MODES)[number]) => `types-${version}-${resolution}-${module}`;

/** Checks all modes of a version in one process, which reads each library once; resolves to what the compiler said. */
async function check(version: string, compiler: string): Promise<string> {
  const projects = modesOf(version).map((mode) => {
    const project = join(folder, projectOf(version, mode));
    mkdirSync(project);
    for (const [file, code] of Object.entries(CONSUMERS)) writeFileSync(join(project, file), code);
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: optionsOf(mode), files: Object.keys(CONSUMERS) }));
    return project;
  });
  const ran = await run([process.execPath, compiler, '-b', ...projects, '--pretty', 'false'], { cwd: folder, env: strangerEnv() });
  return ran.status !== 0 && ran.output.trim() === '' ? `exit status ${ran.status}` : ran.output;
}

const optionsOf = ([moduleResolution, module]: (typeof MODES)[number]) => ({
  target: 'es2022',
  lib: ['es2022'],
  module,
  moduleResolution,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
});

describe.each(TYPESCRIPT_VERSIONS)('under TypeScript %s', (version) => {
  let checked: Promise<string> | undefined;

  test.for(modesOf(version))(
    'an .mts and a .cts consumer type-check with moduleResolution %s and module %s, libraries included',
    async (mode, { skip }) => {
      const compiler = (await typescriptCompiler(version)) ?? skip(`TypeScript ${version} cannot be had`);
      const complaints = (await (checked ??= check(version, compiler))).split('\n').filter((line) => line !== '');
      const others = modesOf(version)
        .filter((other) => other !== mode)
        .map((other) => `${projectOf(version, other)}/`);
      // What names no project (a library, the status) counts for each of them.
      expect(complaints.filter((line) => !others.some((other) => line.includes(other)))).toEqual([]);
      expect(existsSync(join(folder, projectOf(version, mode), 'tsconfig.tsbuildinfo'))).toBe(true);
    },
  );
});
