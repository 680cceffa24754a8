import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { thisMachine } from './machine.ts';
import { benchQueue } from './queue/main.ts';
import { benchResilience, costTable } from './resilience/main.ts';
import { type Row, table } from './summary.ts';

const HELP = `Usage: npm run bench -- queue|resilience [options]

queue       @nines/queue, bullmq, bee-queue and groupmq side by side: separate processes, the same Redis, by turns.
resilience  @nines/resilience, opossum and p-retry side by side: CPU time of a call, a process for each, in turn.

  --runs N      runs of each scenario and peer (default 5)
  --only TEXT   only scenarios whose name contains TEXT, for example \`drain\`
  --quick       a twentieth of the jobs or calls, to see that everything runs; its figures mean little
  --json FILE   write medians, ranges, ratios, goals and the machine to FILE
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
  const [what] = positionals;
  if ((what !== 'queue' && what !== 'resilience') || !Number.isInteger(runs) || runs < 1) {
    console.error(what === 'queue' || what === 'resilience' ? `--runs must be a whole number from 1, got ${values.runs}` : HELP);
    return 2;
  }
  const machine = thisMachine();
  const options = { runs, quick: values.quick, only: values.only, progress: (line: string) => console.error(line) };
  const costs = what === 'resilience' ? await benchResilience(options) : [];
  const rows = what === 'queue' ? await benchQueue(options) : [];
  console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.date}; ${runs} runs`);
  if (what === 'resilience') console.log(costTable(costs));
  else queueTable(rows);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, runs, rows: [...rows, ...costs] }, undefined, 2)}\n`);
  return 0;
}

function queueTable(rows: readonly Row[]): void {
  console.log(
    'Changed from defaults: nines maxWaiting 10 000 000, a metrics registry handed in; bullmq removeOnComplete, attempts 5 with backoff; ' +
      'bee-queue removeOnSuccess, no events, four retries with backoff, stalled jobs looked for; groupmq five attempts.',
  );
  console.log('The ratio is to bullmq; the verdict compares the median with the goal.');
  console.log(table(rows));
  const missed = rows.filter(({ verdict }) => verdict === 'missed');
  console.log(`${rows.filter(({ goal }) => goal !== undefined).length} goals, ${missed.length} missed`);
}

process.exitCode = await run();
