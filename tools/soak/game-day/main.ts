import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { experiments } from '../../chaos/experiment.ts';
import { ROOT } from '../../workspace/packages.ts';
import { randomFrom } from '../slo/rule-cases.ts';
import { withOptions } from '../with-options.ts';

const HELP = `Usage: npm run soak -- game-day [options]

Plays every experiment of the example's game day with real processes, Redis and Prometheus: 0 jobs lost, every duplicate explained, the expected
alert within the computed time (one evaluation early, one scrape and one evaluation late), no other alert, and the post-mortem written.
Before them, one experiment that must be stopped: it may spend less of the budget than it does.

  --runs N         how often all are played (default 1, about ten minutes each)
  --scenario NAME  only this one
  --seed N         decides the order and for how long the steady state is watched before the fault (default: printed)
  --out FOLDER     keeps the write-ups there (default: they are checked and removed)
  --help           this text

Exit codes: 0 every claim was confirmed, 1 one was refuted, 2 wrong use or a program is missing.`;

const SCENARIOS = experiments().map(({ id }) => id);

interface Options {
  readonly runs: number;
  readonly scenario: string;
  readonly seed: number;
  readonly out: string | undefined;
}

/** @throws Error that says what is wrong with the arguments. */
function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '1' },
      scenario: { type: 'string', default: 'all' },
      seed: { type: 'string', default: String(Math.trunc(Math.random() * 0x7fff_ffff)) },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.scenario !== 'all' && !SCENARIOS.includes(values.scenario))
    throw new Error(`--scenario must be all, ${SCENARIOS.join(', ')}, got ${values.scenario}`);
  const whole = (option: string, text: string, min: number, max: number) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`${option} must be a whole number from ${min} to ${max}, got ${text}`);
  };
  const seed = whole('--seed', values.seed, 0, 4_294_967_295);
  return { runs: whole('--runs', values.runs, 1, 1000), scenario: values.scenario, seed, out: values.out };
}

/** `npm run soak -- game-day`; see {@link HELP}. Resolves to the exit code. */
export function soak(args: readonly string[]): Promise<number> {
  return withOptions({ args, parse: parseOptions, help: HELP }, playInFolder);
}

async function playInFolder(options: Options): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-game-day-'));
  try {
    return await play(options, options.out ?? folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play({ runs, scenario, seed }: Options, out: string): Promise<number> {
  console.log(`seed ${seed}, ${runs} run${runs === 1 ? '' : 's'}`);
  const random = randomFrom(seed);
  const complaints = await mustStop(out);
  for (let run = 1; run <= runs; run += 1) {
    const wanted = scenario === 'all' ? shuffled(random) : [scenario];
    for (const name of wanted) {
      const folder = join(out, `run-${run}`, name);
      const played = await gameDay([name, '--steady', String(8 + Math.floor(12 * random())), '--out', folder]);
      if (played.status === 2) return 2;
      complaints.push(...complaintsOf(name, played, folder));
    }
    console.log(`run ${run}: ${complaints.length === 0 ? 'every claim was confirmed' : complaints.join('; ')}`);
  }
  return complaints.length === 0 ? 0 : 1;
}

function shuffled(random: () => number): readonly string[] {
  const drawn = SCENARIOS.map((name) => ({ name, place: random() }));
  return drawn.toSorted((a, b) => a.place - b.place).map(({ name }) => name);
}

/** What is read of the figures that `--game-day --json` prints. */
interface Figures {
  readonly aborted?: string;
  readonly faults: readonly string[];
  readonly accounts: { readonly accepted: number; readonly lost: readonly string[]; readonly unexplained: readonly string[] };
}

interface PlayedGameDay {
  readonly status: number | null;
  readonly figures: Figures | undefined;
}

/** Plays a game day as `npm run demo -- --game-day` does, in a process of its own; what it says on the way goes to the terminal. */
async function gameDay(args: readonly string[]): Promise<PlayedGameDay> {
  const main = join(ROOT, 'examples/gke-app/demo/main.ts');
  const child = spawn(process.execPath, ['--conditions=@nines/source', main, '--game-day', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const text = (await buffer(child.stdout)).toString();
  const [status] = await closed;
  return { status, figures: text === '' ? undefined : (JSON.parse(text) as { readonly results: readonly Figures[] }).results[0] };
}

function complaintsOf(name: string, { status, figures }: PlayedGameDay, folder: string): string[] {
  if (figures === undefined) return [`${name} ended with ${status} and no figures`];
  const complaints = figures.faults.map((fault) => `${name}: ${fault}`);
  // Not taken on trust from the list of faults.
  if (figures.accounts.lost.length > 0 || figures.accounts.accepted === 0) complaints.push(`${name}: lost ${figures.accounts.lost.length}`);
  if (status !== (complaints.length === 0 ? 0 : 1)) complaints.push(`${name} ended with ${status}`);
  const page = join(folder, 'game-day.md');
  if (!existsSync(page) || !readFileSync(page, 'utf8').includes('## Post-mortem: ')) complaints.push(`${name}: no post-mortem was written`);
  return complaints;
}

/** The abort rule is worth something only if it stops something. */
async function mustStop(out: string): Promise<string[]> {
  const { status, figures } = await gameDay(['redis-killed', '--steady', '8', '--abort-above', '1', '--out', join(out, 'stopped')]);
  if (status !== 1 || figures?.aborted === undefined) return ['an experiment that spent more than its limit was not stopped'];
  return figures.accounts.lost.length === 0 ? [] : ['the experiment that was stopped lost jobs'];
}
