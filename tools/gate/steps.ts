import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace/packages.ts';

/** One check of the gate. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** What it finds, for `--help`. */
  readonly about: string;
}

const bin = (name: string, ...args: string[]) => [join(ROOT, 'node_modules', '.bin', name), ...args];
const tool = (name: string, ...args: string[]) => [process.execPath, join(ROOT, 'tools', `${name}.ts`), ...args];

/** The checks in order; those of one stage may run side by side. `npm test` is the last and alone: its closing line ends the output. */
export const STAGES: readonly (readonly Step[])[] = [
  [{ name: 'check:lock', command: tool('lock/main'), about: 'the lock file installs anywhere' }],
  [
    { name: 'typecheck', command: bin('tsc', '-p', 'tsconfig.json'), about: 'types of sources, tests and tools' },
    { name: 'lint', command: bin('oxlint', '--type-aware', '--deny-warnings'), about: 'mistakes' },
    { name: 'format', command: bin('oxfmt', '--check', '.'), about: 'layout' },
    { name: 'house', command: tool('house/main'), about: 'the house rules: cycles, siblings, sizes, clock, names' },
    { name: 'render', command: tool('deploy/main', '--check'), about: 'deploy/k8s is what the chart renders' },
    { name: 'identity', command: tool('identity/main', '--check'), about: 'scope and addresses are those of one file' },
    ...whenThere('lua/main', { name: 'lua', command: tool('lua/main', '--check'), about: 'Lua headers against their bodies' }),
    {
      name: 'typecheck:page',
      command: bin('tsc', '-p', join('packages', 'queue', 'src', 'console', 'page')),
      about: "types of the console's page, which runs in browsers",
    },
    {
      name: 'typecheck:calculator',
      command: bin('tsc', '-p', join('docs', 'calculator')),
      about: 'types of the calculator on the docs site',
    },
    {
      name: 'typecheck:board',
      command: bin('tsc', '-p', join('examples', 'gke-app', 'demo', 'console', 'page')),
      about: "types of the page of the demo's console",
    },
    { name: 'page', command: tool('page/main', '--check'), about: "the console's page in the package is what its sources give" },
    {
      name: 'generate',
      command: [process.execPath, '--conditions=@nines/source', join(ROOT, 'tools', 'generate.ts'), '--check'],
      about: 'rules and dashboards are what the objectives give, guides show files as they are',
    },
    { name: 'knip', command: bin('knip', '--no-progress', '--no-config-hints'), about: 'dead files, exports and dependencies' },
  ],
  [{ name: 'build', command: tool('build/main'), about: 'ESM, CJS and types of every package' }],
  [
    { name: 'api', command: tool('api/main', '--check'), about: 'what users can see is what was agreed' },
    { name: 'publish', command: tool('publish/main'), about: 'publint and "are the types wrong" on each package as packed' },
    { name: 'docs', command: tool('docs/main'), about: 'every public symbol is documented, no link of the site is dead' },
  ],
  [{ name: 'test', command: bin('vitest', 'run'), about: 'npm test: all tests, closing line last' }],
];

function whenThere(file: string, step: Step): Step[] {
  return existsSync(join(ROOT, 'tools', `${file}.ts`)) ? [step] : [];
}
