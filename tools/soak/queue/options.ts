import { parseArgs } from 'node:util';
import { LEVELS, type Level } from './levels.ts';

/** What the command line asked for. */
export interface SoakOptions {
  readonly jobs: number;
  readonly workers: number;
  readonly seed: number;
  readonly levels: readonly Level[];
  /** Instead of the mixed faults: how often a replica that is behind is promoted under load. */
  readonly promotions: number | undefined;
  readonly json: string | undefined;
}

export const HELP: string = `Usage: npm run soak -- queue [options]

Producer and worker processes share a Redis of their own and are disturbed: workers are killed (SIGKILL), stopped past their lease
(SIGSTOP) and started again, producers are killed, connections are cut, Redis is killed. Every process writes down outside Redis what
it was told and what it did; in the end the sets are compared: what was acknowledged must have been handled.

  --jobs N          jobs to enqueue at each level (default 100000, from 100 to 10000000; with --promotions 16000 for each)
  --workers N       worker processes (default 2, from 2 to 16)
  --seed N          decides what each job does and when each fault comes (default: by chance, and printed)
  --durability L    level, or several with commas, or all (default always):
${Object.entries(LEVELS)
  .map(([level, { title }]) => `                      ${level.padEnd(10)} ${title}`)
  .join('\n')}
  --promotions N    instead of all these faults, only promotes a replica that is behind, N times under load (from 1 to 200); the levels are
                    then replica, replicated or both (default both)
  --json FILE       writes the results there too
  --help            this text

Exit codes: 0 every promise was kept, 1 one was broken, 2 wrong use.`;

const KNOWN = Object.keys(LEVELS) as Level[];
/** Those with a replica. */
const PAIRED: readonly Level[] = ['replica', 'replicated'];
/** About what is handled while the replica hears nothing, and as much again until the next one. */
const JOBS_PER_PROMOTION = 16_000;

/** @throws Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): SoakOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: 'string' },
      workers: { type: 'string', default: '2' },
      seed: { type: 'string' },
      durability: { type: 'string' },
      promotions: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const promotions = values.promotions === undefined ? undefined : whole('--promotions', values.promotions, 1, 200);
  const jobs = values.jobs ?? String(promotions === undefined ? 100_000 : promotions * JOBS_PER_PROMOTION);
  return {
    promotions,
    jobs: whole('--jobs', jobs, 100, 10_000_000),
    workers: whole('--workers', values.workers, 2, 16),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : whole('--seed', values.seed, 0, 4_294_967_295),
    levels: levelsOf(values.durability ?? (promotions === undefined ? 'always' : PAIRED.join()), promotions === undefined ? KNOWN : PAIRED),
    json: values.json,
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Error(`${option} must be a whole number from ${min} to ${max}, got ${text}`);
  return value;
}

function levelsOf(text: string, known: readonly Level[]): Level[] {
  const asked = text === 'all' ? known : text.split(',');
  const wrong = asked.find((level) => !known.includes(level as Level));
  if (wrong !== undefined) throw new Error(`--durability must be all or some of ${known.join(', ')}, got ${wrong}`);
  return asked as Level[];
}
