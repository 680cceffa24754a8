import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureRedis, RedisUnavailable } from '../../../../tools/redis/ensure.ts';
import { machineProbes, onPath } from '../../../../tools/redis/machine.ts';
import { objectives } from '../../src/objectives.ts';
import { wholeOption } from '../options.ts';
import { ensurePrometheus } from '../prometheus/ensure.ts';
import { interrupted } from '../signals.ts';
import { compressClock } from '../slo-clock.ts';
import { DURABILITY, type Tools } from './field.ts';
import { playAll } from './play-all.ts';
import { chosen, scenarios, type Scenario } from './scenario.ts';
import { versionsOf } from './versions.ts';
import { figures, writeUp } from './write-up.ts';

const HELP = `npm run demo -- --game-day [SCENARIO|all] [options]

Plays scripted experiments on a system of its own: sees that all is well, breaks something, and checks that the right alert fires in the time
that was computed, that nothing is lost, and that every duplicate has a cause. Then writes the post-mortem. All of it takes about ten minutes, one about one.

${scenarios.map(({ id, title }) => `  ${id.padEnd(16)} ${title}`).join('\n')}

  --out FOLDER    where the write-up goes (default ./game-day-<time>/): game-day.md, game-day.json and a picture of each budget
  --clock N       divide every window of the objectives by N; 1 to 300 (default 60)
  --abort-above P stop an experiment when so many per cent of an objective's budget are gone; 1 to 100 (default: each experiment's own)
  --steady S      how long all must be well before anything is broken, 5 to 300 seconds (default 15)
  --json          print the figures as JSON; progress goes to standard error
  --help          this text

Needs redis-server (or valkey-server), which it kills, and prometheus.
Exit status: 0 every claim was confirmed, 1 one was refuted or an experiment was stopped, 2 wrong use or a program is missing.`;

interface GameDayOptions {
  readonly scenarios: readonly Scenario[];
  readonly out: string;
  readonly clock: number;
  readonly json: boolean;
}

/** @throws Error that says what is wrong with the arguments. */
function readGameDayOptions(args: readonly string[]): GameDayOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => arg !== '--game-day'),
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      clock: { type: 'string', default: '60' },
      'abort-above': { type: 'string' },
      steady: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (positionals.length > 1) throw new Error(`one scenario or all, got ${positionals.join(' ')}`);
  const limit = values['abort-above'];
  const abort = limit === undefined ? {} : { abortAboveBudget: wholeOption('--abort-above', limit, 1, 100) / 100 };
  const steady = values.steady === undefined ? {} : { steadySeconds: wholeOption('--steady', values.steady, 5, 300) };
  return {
    scenarios: chosen(positionals[0] ?? 'all').map((scenario) => ({ ...scenario, ...abort, ...steady })),
    out: values.out ?? `game-day-${new Date().toISOString().replaceAll(/[-:]|\..*/g, '')}`,
    clock: wholeOption('--clock', values.clock, 1, 300),
    json: values.json,
  };
}

/** The programs that a game day needs, or what is missing. */
async function programs(say: (line: string) => void): Promise<Pick<Tools, 'redisProgram' | 'prometheusProgram'> | string> {
  const find = () => onPath('redis-server') ?? onPath('valkey-server');
  if (find() === undefined) {
    // Installs one where that is possible; a Redis of somebody else is of no use here, because it is killed.
    const installed = await ensureRedis({ probes: { ...machineProbes(), url: undefined, dockerAnswers: async () => false }, say });
    await installed.stop();
  }
  const [redisProgram, prometheusProgram] = [find(), await ensurePrometheus(say)];
  if (redisProgram === undefined) return 'a game day needs redis-server or valkey-server on PATH: it kills its own';
  return prometheusProgram === undefined
    ? 'a game day needs prometheus on PATH: its alerts are what is checked'
    : { redisProgram, prometheusProgram };
}

/** `--game-day`; resolves to the exit status. */
async function gameDay(options: GameDayOptions, stop: Promise<void>): Promise<number> {
  const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const found = await programs(say);
  if (typeof found === 'string') {
    console.error(found);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'nines-game-day-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const clock = compressClock(objectives, options.clock);
  say(clock.note);
  say(`durability: ${DURABILITY}`);
  const results = await playAll(options.scenarios, { ...found, clock, folder }, say, stop);
  const setting = { date: new Date().toISOString().slice(0, 10), versions: await versionsOf(found) };
  mkdirSync(options.out, { recursive: true });
  for (const { name, text } of writeUp(results, clock, setting)) writeFileSync(join(options.out, name), text);
  say(`post-mortem: ${join(options.out, 'game-day.md')}`);
  if (options.json)
    process.stdout.write(`${JSON.stringify({ clock: clock.note, durability: DURABILITY, results: results.map(figures) })}\n`);
  return results.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

/** `npm run demo -- --game-day`: its own command line. Resolves to the exit status. */
export async function playGameDay(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readGameDayOptions>;
  try {
    options = readGameDayOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  try {
    return await gameDay(options, interrupted());
  } catch (error) {
    console.error((error as Error).message);
    // What was in the middle of something must not keep the process; nothing of it outlives this one.
    return process.exit(error instanceof RedisUnavailable ? 2 : 1);
  }
}
