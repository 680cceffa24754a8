import type { BulkResult } from '../dead/take.ts';
import { checkId } from '../id.ts';
import {
  counted,
  filterHelp,
  filterOf,
  flag,
  list,
  misused,
  text,
  whole,
  type Arguments,
  type Command,
  type ExitCode,
  type OpenQueue,
  type Surroundings,
} from './command.ts';
import { createProgress } from './progress.ts';
import { paint, writeTable } from './terminal.ts';

/** What redrive and purge differ in. */
interface Verb {
  readonly name: 'redrive' | 'purge';
  readonly past: 'redriven' | 'purged';
  /** Ends the question. */
  readonly consequence: string;
}

export const bulkOptions: Command['options'] = {
  id: { type: 'string', multiple: true },
  all: { type: 'boolean' },
  rate: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
};

export const bulkHelp: string = `${filterHelp}
  --all           every dead letter, where no filter is given
  --id ID         this one; may be given several times
  --rate N        so many a second at most
  --limit N       so many at most
  --dry-run       only tell how many there are
  --yes           do not ask; needed where the input is no terminal`;

/** Refuses what cannot be done before anything is opened, a missing yes among it. */
export function checkBulk({ name }: Verb, given: Arguments, { terminal }: Surroundings): void {
  const filter = filterOf(given);
  const ids = list(given, 'id');
  for (const id of ids) checkId(id);
  const ways = [ids.length > 0, flag(given, 'all'), Object.keys(filter).length > 0].filter(Boolean).length;
  if (ways !== 1) misused(`say which dead letters to ${name}: a FILTER, or --id, or --all`);
  if (ids.length > 0 && ['rate', 'limit', 'dry-run'].some((option) => given.values[option] !== undefined))
    misused('--rate, --limit and --dry-run are for a FILTER or --all, not for --id');
  rateOf(given);
  whole(given, 'limit', 1, 999_999_999_999);
  const asks = !flag(given, 'yes') && !flag(given, 'dry-run') && (name === 'purge' || ids.length === 0);
  if (asks && terminal.ask === undefined) misused(`${name} asks before it begins, and the input is no terminal: say --yes`);
}

function rateOf(given: Arguments): number | undefined {
  const value = text(given, 'rate');
  if (value === undefined) return undefined;
  const rate = /^\d{1,7}(?:\.\d{1,2})?$/.test(value) ? Number(value) : 0;
  if (rate < 0.01 || rate > 1_000_000) misused(`--rate must be a number from 0.01 to 1000000, got ${JSON.stringify(value)}`);
  return rate;
}

/** Carries out redrive or purge. */
export function runBulk(verb: Verb, given: Arguments, queue: OpenQueue, around: Surroundings): Promise<ExitCode> {
  const ids = list(given, 'id');
  return ids.length > 0 ? byIds(verb, ids, given, queue, around) : byFilter(verb, given, queue, around);
}

async function byIds(verb: Verb, ids: readonly string[], given: Arguments, queue: OpenQueue, around: Surroundings): Promise<ExitCode> {
  const { terminal } = around;
  const what = `${verb.name} ${counted(ids.length, 'dead letter')} of ${queue.title}${verb.consequence}`;
  if (verb.name === 'purge' && !flag(given, 'yes') && !(await confirmed(what, around))) return 1;
  const taken = new Set<string>();
  for (let at = 0; at < ids.length; at += 1000)
    for (const id of await queue.inspector[verb.name]({ ids: ids.slice(at, at + 1000) })) taken.add(id);
  const missing = ids.filter((id) => !taken.has(id));
  if (flag(given, 'json')) terminal.out(JSON.stringify({ [verb.past]: [...taken], missing }));
  else for (const id of taken) terminal.out(`${id} ${verb.past}`);
  for (const id of missing) terminal.err(`${id} is no dead letter of ${queue.title}`);
  return missing.length > 0 ? 3 : 0;
}

async function byFilter(verb: Verb, given: Arguments, queue: OpenQueue, around: Surroundings): Promise<ExitCode> {
  const { terminal, clock, signal } = around;
  const { inspector, title } = queue;
  const filter = filterOf(given);
  const limit = whole(given, 'limit', 1, 999_999_999_999);
  const json = flag(given, 'json');
  const dryRun = flag(given, 'dry-run');
  const matching = dryRun || !flag(given, 'yes') ? Math.min(await inspector.countDead({ filter }), limit ?? Number.POSITIVE_INFINITY) : 0;
  const what = `${verb.name} ${counted(matching, 'dead letter')} of ${title}`;
  if (dryRun) {
    terminal.out(json ? JSON.stringify({ matching }) : `would ${what}`);
    return 0;
  }
  if (!flag(given, 'yes') && matching > (verb.name === 'purge' ? 0 : 1) && !(await confirmed(`${what}${verb.consequence}`, around)))
    return 1;
  const progress = createProgress(terminal, clock);
  const rate = rateOf(given);
  let far = 0;
  try {
    const result = await inspector[verb.name === 'purge' ? 'purgeAll' : 'redriveAll']({
      filter,
      signal,
      ...(limit === undefined ? {} : { limit }),
      ...(rate === undefined ? {} : { ratePerSecond: rate }),
      onProgress({ taken, skipped }) {
        far = taken;
        progress.show(`${taken} ${verb.past}, ${skipped} skipped`);
      },
    });
    progress.end();
    return report(verb, result, json, around);
  } catch (error) {
    progress.end();
    terminal.err(`${counted(far, 'dead letter')} ${verb.past} before it failed; the same command goes on`);
    throw error;
  }
}

function report({ past }: Verb, { taken, skipped, left, ended }: BulkResult, json: boolean, { terminal }: Surroundings): ExitCode {
  if (json) terminal.out(JSON.stringify({ [past]: taken, skipped, left, ended }));
  else writeTable(terminal, [[past.toUpperCase(), 'SKIPPED', 'LEFT'], [taken, skipped, left].map(String)]);
  if (ended === 'aborted') terminal.err(paint(terminal, 'yellow', 'stopped before the end; the same command goes on'));
  return ended === 'aborted' ? 1 : 0;
}

async function confirmed(what: string, { terminal, signal }: Surroundings): Promise<boolean> {
  const answer = (await terminal.ask?.(`${what}? [y/N] `)) ?? '';
  const yes = /^\s*y(es)?\s*$/i.test(answer) && !signal.aborted;
  if (!yes) terminal.err('nothing was done');
  return yes;
}
