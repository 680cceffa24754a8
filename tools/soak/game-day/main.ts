import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Tools } from '../../../examples/gke-app/demo/game-day/field.ts';
import type { Result } from '../../../examples/gke-app/demo/game-day/judge.ts';
import { playAll } from '../../../examples/gke-app/demo/game-day/main.ts';
import { chosen, type Scenario } from '../../../examples/gke-app/demo/game-day/scenario.ts';
import { versionsOf } from '../../../examples/gke-app/demo/game-day/versions.ts';
import { writeUp } from '../../../examples/gke-app/demo/game-day/write-up.ts';
import { compressClock } from '../../../examples/gke-app/demo/slo-clock.ts';
import { objectives } from '../../../examples/gke-app/src/objectives.ts';
import { onPath } from '../../redis/machine.ts';
import { randomFrom } from '../slo/rule-cases.ts';

const HELP = `Usage: npm run soak -- game-day [options]

Plays every experiment of the example's game day with real processes, Redis and Prometheus: 0 jobs lost, every duplicate explained, the expected
alert within the computed time (one evaluation early, one evaluation and the scrapes late), no other alert, and the post-mortem written.
Before them, one experiment that must be stopped: it may spend less of the budget than it does.

  --runs N         how often all are played (default 1, about three minutes each)
  --scenario NAME  only this one
  --seed N         decides for how long the steady state is watched, and so at which moment between two scrapes the fault strikes (default: printed)
  --out FOLDER     keeps the write-ups there (default: they are checked and removed)
  --help           this text

Exit codes: 0 every claim was confirmed, 1 one was refuted, 2 wrong use or a program is missing.`;

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
  chosen(values.scenario);
  const whole = (option: string, text: string, min: number, max: number) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`${option} must be a whole number from ${min} to ${max}, got ${text}`);
  };
  const seed = whole('--seed', values.seed, 0, 4_294_967_295);
  return { runs: whole('--runs', values.runs, 1, 1000), scenario: values.scenario, seed, out: values.out };
}

/** `npm run soak -- game-day`; see {@link HELP}. Resolves to the exit code. */
export async function soak(args: readonly string[]): Promise<number> {
  let options: Options | 'help';
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  const [redisProgram, prometheusProgram] = [onPath('redis-server') ?? onPath('valkey-server'), onPath('prometheus')];
  if (redisProgram === undefined || prometheusProgram === undefined) {
    console.error('soak game-day: redis-server and prometheus must be on PATH: apt-get install redis-server prometheus');
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'nines-game-day-'));
  try {
    return await play(options, { redisProgram, prometheusProgram, clock: compressClock(objectives, 60), folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play({ runs, scenario, seed, out }: Options, tools: Tools): Promise<number> {
  console.log(`seed ${seed}, ${runs} run${runs === 1 ? '' : 's'}; ${tools.clock.note}`);
  const random = randomFrom(seed);
  const complaints = await mustStop(tools);
  const setting = { date: new Date().toISOString().slice(0, 10), versions: await versionsOf(tools) };
  for (let run = 1; run <= runs; run += 1) {
    const wanted = chosen(scenario).map((one): Scenario => ({ ...one, steadySeconds: 10 + 10 * random() }));
    const results = await playAll(wanted, tools, console.log);
    const kept = join(out ?? tools.folder, `run-${run}`);
    mkdirSync(kept, { recursive: true });
    for (const { name, text } of writeUp(results, tools.clock, setting)) writeFileSync(join(kept, name), text);
    complaints.push(...results.flatMap((result) => complaintsOf(result, readFileSync(join(kept, 'game-day.md'), 'utf8'))));
    console.log(`run ${run}: ${complaints.length === 0 ? 'every claim was confirmed' : complaints.join('; ')}`);
  }
  return complaints.length === 0 ? 0 : 1;
}

function complaintsOf({ scenario, faults, accounts }: Result, page: string): string[] {
  const complaints = faults.map((fault) => `${scenario.id}: ${fault}`);
  if (accounts.lost.length > 0) complaints.push(`${scenario.id}: ${accounts.lost.length} lost`);
  if (!page.includes(`## Post-mortem: ${scenario.title}`)) complaints.push(`${scenario.id}: the post-mortem was not written`);
  return complaints;
}

/** The abort rule is worth something only if it stops something. */
async function mustStop(tools: Tools): Promise<string[]> {
  const [scenario] = chosen('receiver-down');
  if (scenario === undefined) return ['there is no receiver-down'];
  const [result] = await playAll([{ ...scenario, steadySeconds: 8, abortAboveBudget: 0.002 }], tools, console.log);
  if (result?.aborted === undefined) return ['an experiment that spent more than its limit was not stopped'];
  return result.accounts.lost.length === 0 ? [] : ['the experiment that was stopped lost jobs'];
}
