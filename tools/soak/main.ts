import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Each folder beside this file is one soak; its `main.ts` exports `soak(args)`, which returns the exit code. */
const soaks = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(import.meta.dirname, entry.name, 'main.ts')))
  .map((entry) => entry.name);

const HELP = `Usage: npm run soak -- ${soaks.join('|')} [options]

Long runs that look for what a short test cannot: real processes, real faults, seeded. \`npm test\` runs a short
version of each. \`npm run soak -- NAME --help\` lists the options of one.

Exit codes: 0 nothing was lost, 1 a promise was broken, 2 wrong use.`;

interface Soak {
  readonly soak: (args: readonly string[]) => Promise<number>;
}

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || !soaks.includes(name)) {
    const asked = name === '--help' || name === '-h';
    console[asked ? 'log' : 'error'](asked || name === undefined ? HELP : `no soak is called "${name}": ${soaks.join(', ')}`);
    return asked ? 0 : 2;
  }
  const file = pathToFileURL(join(import.meta.dirname, name, 'main.ts')).href;
  const { soak } = (await import(file)) as Soak;
  return await soak(args);
}

process.exitCode = await run(process.argv.slice(2));
