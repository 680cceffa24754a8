import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../workspace/packages.ts';
import { runGate } from './gate.ts';
import { STAGES } from './steps.ts';

const STEPS = STAGES.flat();

const HELP = `npm run ok [-- --only NAME[,NAME]]

The gate: what must hold before a change is merged. Stops at the first failure.

${STEPS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}

Exit status: 0 all is well, 1 a step failed, 2 wrong use.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const only = values.only?.split(',') ?? STEPS.map(({ name }) => name);
  const unknown = only.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) throw new Error(`no step is called "${unknown}": --only takes ${STEPS.map(({ name }) => name).join(', ')}`);
  const stages = STAGES.map((stage) => stage.filter(({ name }) => only.includes(name))).filter((stage) => stage.length > 0);
  // Typed outside of npm, the pinned programs would not be first on PATH.
  process.env['PATH'] = [join(ROOT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const atOnce = Math.min(availableParallelism(), 4);
  return (await runGate(stages, { cwd: ROOT, say: console.log, atOnce })) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
