import { parseArgs } from 'node:util';
import { startCollector } from './collector.ts';
import { SERVICE, stopOnce, type StopResult } from './run.ts';

const HELP = `Usage: npm run soak -- telemetry [options]

Starts a service under load, sends it SIGTERM at a random moment, and counts what was lost: spans at an OTLP collector, log lines,
samples, and requests that were refused or reset. Again and again.

  --runs N     how often (default 1000)
  --at-once N  services at a time (default 4)
  --seed N     for the random moments (default: the time)
  --json       print the sums as JSON
  --help       this text

Exit codes: 0 nothing was lost, 1 something was, 2 wrong use.`;

/** Random numbers from 0 to 1 by a linear congruential generator (Numerical Recipes), so that a seed repeats a run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

export interface SoakTotals extends StopResult {
  readonly runs: number;
  readonly seed: number;
}

/** Stops `runs` services and adds up what they lost. */
export async function stopMany(
  runs: number,
  atOnce: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
  script: string = SERVICE,
): Promise<SoakTotals> {
  const collector = await startCollector();
  const sums = { answered: 0, refusedOrReset: 0, lostSpans: 0, lostLines: 0, lostSamples: 0, unclean: 0 };
  let [next, done] = [0, 0];
  const worker = async (): Promise<void> => {
    while (next < runs) {
      const run = next++;
      const result = await stopOnce(script, run, collector, seeded(seed + run));
      for (const key of Object.keys(sums) as (keyof StopResult)[]) sums[key] += result[key];
      progress((done += 1));
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
  } finally {
    collector.close();
  }
  return { ...sums, runs, seed };
}

/** `npm run soak -- telemetry`; see {@link HELP}. Resolves to the exit code. */
export async function soak(args: readonly string[]): Promise<number> {
  const options = {
    runs: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [runs, atOnce, seed] = [Number(values.runs), Number(values['at-once']), Number(values.seed)];
  if (![runs, atOnce].every((number) => Number.isInteger(number) && number > 0) || !Number.isInteger(seed)) {
    console.error(`--runs, --at-once and --seed must be whole numbers, got ${values.runs}, ${values['at-once']}, ${values.seed}`);
    return 2;
  }
  const totals = await stopMany(runs, atOnce, seed, (done) => {
    if (done % 50 === 0) process.stderr.write(`${done} of ${runs} stopped\n`);
  });
  console.log(
    values.json
      ? JSON.stringify(totals)
      : Object.entries(totals)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n'),
  );
  const { refusedOrReset, lostSpans, lostLines, lostSamples, unclean } = totals;
  return [refusedOrReset, lostSpans, lostLines, lostSamples, unclean].every((lost) => lost === 0) ? 0 : 1;
}
