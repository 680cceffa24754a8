import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { thisMachine } from './machine.ts';
import { imageBench } from './image/main.ts';
import { queueBench } from './queue/main.ts';
import { relayBench } from './relay/main.ts';
import { resilienceBench } from './resilience/main.ts';
import { sloBench } from './slo/main.ts';
import { telemetryBench } from './telemetry/main.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  image: imageBench,
  queue: queueBench,
  relay: relayBench,
  resilience: resilienceBench,
  slo: sloBench,
  telemetry: telemetryBench,
};
const names = Object.keys(BENCHES);

const HELP = `Usage: npm run bench -- ${names.join('|')} [options]

${names.map((name) => `${name.padEnd(11)} ${BENCHES[name]?.about}`).join('\n')}

  --runs N      runs of each scenario and peer (default 5)
  --only TEXT   only scenarios whose name contains TEXT, for example \`drain\`
  --quick       a small part of the work, to see that everything runs; its figures mean little
  --json FILE   write medians, ranges, ratios and the machine to FILE
  --help        this text

Exit codes: 0 measured, 1 a measurement failed, 2 a wrong option.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function run(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const runs = Number(values.runs);
  const bench = BENCHES[positionals[0] ?? ''];
  if (bench === undefined || !Number.isInteger(runs) || runs < 1) {
    console.error(bench === undefined ? HELP : `--runs must be a whole number from 1, got ${values.runs}`);
    return 2;
  }
  const machine = thisMachine();
  const progress = (line: string): void => console.error(line);
  const { tables, json } = await bench.measure({ runs, quick: values.quick, only: values.only, progress });
  console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.date}; ${runs} runs`);
  console.log(tables.join('\n\n'));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, runs, ...json }, undefined, 2)}\n`);
  return 0;
}

process.exitCode = await run();
