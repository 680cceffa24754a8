import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { thisMachine } from './machine.ts';
import { benchQueue } from './queue/main.ts';
import { benchResilience, costTable } from './resilience/main.ts';
import { type Row, table } from './summary.ts';
import { benchTelemetry, telemetryCells } from './telemetry/main.ts';

const HELP = `Usage: npm run bench -- queue|resilience|telemetry [options]

queue       @nines/queue and bullmq side by side: separate processes, the same Redis, alternating order.
resilience  @nines/resilience, opossum and p-retry side by side: CPU time of a call, a process for each, in turn.
telemetry   @nines/telemetry, prom-client, its successor, pino and the usual OpenTelemetry set-up: CPU time of a call and of a
            request, time of a start.

  --runs N      runs of each scenario and peer (default 5)
  --only TEXT   only scenarios whose name contains TEXT, for example \`drain\`
  --quick       a twentieth of the jobs or calls, to see that everything runs; its figures mean little
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
  const [what] = positionals;
  if ((what !== 'queue' && what !== 'resilience' && what !== 'telemetry') || !Number.isInteger(runs) || runs < 1) {
    console.error(
      what !== undefined && ['queue', 'resilience', 'telemetry'].includes(what)
        ? `--runs must be a whole number from 1, got ${values.runs}`
        : HELP,
    );
    return 2;
  }
  const machine = thisMachine();
  const options = { runs, quick: values.quick, only: values.only, progress: (line: string) => console.error(line) };
  const costs = what === 'resilience' ? await benchResilience(options) : [];
  const telemetry = what === 'telemetry' ? await benchTelemetry(options) : [];
  const rows = what === 'queue' ? await benchQueue(options) : [];
  console.log(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.date}; ${runs} runs`);
  if (what === 'resilience') console.log(costTable(costs));
  else if (what === 'telemetry') for (const cells of telemetryCells(telemetry)) console.log(cells.join(' | '));
  else queueTable(rows);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, runs, rows: [...rows, ...costs, ...telemetry] }, undefined, 2)}\n`);
  return 0;
}

function queueTable(rows: readonly Row[]): void {
  console.log(
    'Changed from defaults: nines maxWaiting 10 000 000, a metrics registry handed in; bullmq removeOnComplete, attempts 5 with backoff.',
  );
  console.log(table(rows, 'bullmq'));
}

process.exitCode = await run();
