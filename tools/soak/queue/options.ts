import { parseArgs } from 'node:util';
import { LEVELS, type Level } from './levels.ts';

/** What the command line asked for. */
export interface SoakOptions {
  readonly jobs: number;
  readonly workers: number;
  readonly seed: number;
  readonly levels: readonly Level[];
  readonly json: string | undefined;
}

export const HELP: string = `Usage: npm run soak -- queue [options]

Producer and worker processes share a Redis of their own and are disturbed: workers are killed (SIGKILL), stopped past their lease
(SIGSTOP) and started again, producers are killed, connections are cut, Redis is killed. Every process writes down outside Redis what
it was told and what it did; in the end the sets are compared: what was acknowledged must have been handled.

  --jobs N          jobs to enqueue at each level (default 100000, from 100 to 10000000)
  --workers N       worker processes (default 2, from 2 to 16)
  --seed N          decides what each job does and when each fault comes (default: by chance, and printed)
  --durability L    level, or several with commas, or all (default always):
${Object.entries(LEVELS)
  .map(([level, { title }]) => `                      ${level.padEnd(10)} ${title}`)
  .join('\n')}
  --json FILE       writes the results there too
  --help            this text

Exit codes: 0 every promise was kept, 1 one was broken, 2 wrong use.`;

/** @throws Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): SoakOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: 'string', default: '100000' },
      workers: { type: 'string', default: '2' },
      seed: { type: 'string' },
      durability: { type: 'string', default: 'always' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    jobs: whole('--jobs', values.jobs, 100, 10_000_000),
    workers: whole('--workers', values.workers, 2, 16),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : whole('--seed', values.seed, 0, 4_294_967_295),
    levels: levelsOf(values.durability),
    json: values.json,
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Error(`${option} must be a whole number from ${min} to ${max}, got ${text}`);
  return value;
}

function levelsOf(text: string): Level[] {
  const known = Object.keys(LEVELS) as Level[];
  const asked = text === 'all' ? known : text.split(',');
  const wrong = asked.find((level) => !known.includes(level as Level));
  if (wrong !== undefined) throw new Error(`--durability must be all or some of ${known.join(', ')}, got ${wrong}`);
  return asked as Level[];
}
