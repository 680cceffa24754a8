import { mkdirSync, writeFileSync } from 'node:fs';
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

describe.each(TYPESCRIPT_VERSIONS)('under TypeScript %s', (version) => {
  // `module: node20` came with TypeScript 5.9.
  test.for(MODES.filter(([, module]) => module !== 'node20' || !version.startsWith('5.6')))(
    'an .mts and a .cts consumer type-check with moduleResolution %s and module %s, libraries included',
    async ([resolution, module], { skip }) => {
      const compiler = (await typescriptCompiler(version)) ?? skip(`TypeScript ${version} cannot be had`);
      const project = join(folder, `types-${version}-${resolution}-${module}`);
      mkdirSync(project);
      for (const [file, code] of Object.entries(CONSUMERS)) writeFileSync(join(project, file), code);
      const compilerOptions = {
        target: 'es2022',
        lib: ['es2022'],
        module,
        moduleResolution: resolution,
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
      };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(CONSUMERS) }));
      const ran = await run([process.execPath, compiler, '-p', project, '--pretty', 'false'], { cwd: folder, env: strangerEnv() });
      expect(ran).toMatchObject({ output: '', status: 0 });
    },
  );
});
