import type { JobSnapshot } from '../../job-snapshot.ts';
import type { JobCounts } from '../../store.ts';
import { wait } from '../../dead/wait.ts';
import type { Body } from '../body.ts';
import { filterHelp, filterOf, flag, whole, type Arguments, type Command, type OpenQueue } from '../command.ts';
import { jobJson } from '../job-view.ts';
import { momentOf, paint, visible, type Terminal } from '../terminal.ts';

/** Parts of a queue may be on nodes whose clocks differ so much. */
const OVERLAP_MS = 10_000;

/** `nines-queue tail` */
export const tail: Command = {
  name: 'tail',
  summary: 'watch: counts as they change, and new dead letters',
  help: `Usage: nines-queue tail [FILTER] --queue NAME [--every SECONDS] [--looks N] [--json]

Tells the counts of the states whenever they have changed, and each new dead letter. It ends with Ctrl-C, or after so many looks.

${filterHelp}
  --every SECONDS 1 to 3600; default 1
  --looks N       end after so many looks
  --json          a line of JSON for each: {"type":"counts",…} and {"type":"dead",…}

Examples:
  nines-queue tail --queue orders
  nines-queue tail --queue orders reason=poison --every 60 --json`,
  options: { every: { type: 'string' }, looks: { type: 'string' } },
  check(given) {
    filterOf(given);
    numbers(given);
  },
  async run(given, { inspector }, { terminal, signal, clock }) {
    const { everyMs, looks } = numbers(given);
    const json = flag(given, 'json');
    const next = newDeadLetters(inspector, given);
    let last = '';
    for (let look = 1; !signal.aborted; look += 1) {
      const counts = await inspector.counts();
      const letters = await next();
      const line = summary(counts);
      if (line !== last)
        terminal.out(json ? JSON.stringify({ type: 'counts', ...counts }) : counts.paused ? paint(terminal, 'yellow', line) : line);
      last = line;
      for (const job of letters) terminal.out(json ? JSON.stringify({ type: 'dead', ...jobJson(job, false) }) : deadLine(terminal, job));
      if (look === looks) break;
      await wait(everyMs, clock, signal);
    }
    return 0;
  },
};

function numbers(given: Arguments): { readonly everyMs: number; readonly looks: number | undefined } {
  return { everyMs: (whole(given, 'every', 1, 3600) ?? 1) * 1000, looks: whole(given, 'looks', 1, 1_000_000_000) };
}

/** Each call resolves to the dead letters that came since the call before; the first one only begins. */
function newDeadLetters(inspector: OpenQueue['inspector'], given: Arguments): () => Promise<JobSnapshot<Body>[]> {
  const filter = filterOf(given);
  /** Id → when it ended, of those that were told and may be found again. */
  const seen = new Map<string, number>();
  let sinceMs: number | undefined;
  const look = async (fromMs: number): Promise<JobSnapshot<Body>[]> => {
    const endedAfterMs = Math.max(fromMs, filter.endedAfterMs ?? 0);
    const found: JobSnapshot<Body>[] = [];
    let after: string | undefined;
    do {
      const page = await inspector.deadLetters({
        filter: { ...filter, endedAfterMs },
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.jobs);
      sinceMs = page.nowMs - OVERLAP_MS;
      after = page.next;
    } while (after !== undefined);
    const fresh = found.filter(({ id, atMs = 0 }) => seen.get(id) !== atMs);
    for (const { id, atMs = 0 } of fresh) seen.set(id, atMs);
    for (const [id, atMs] of seen) if (atMs < fromMs) seen.delete(id);
    return fresh;
  };
  return async () => {
    if (sinceMs !== undefined) return look(sinceMs);
    // Only asks for the time; then what is there already counts as told.
    await look(Number.MAX_SAFE_INTEGER);
    await look(sinceMs ?? 0);
    return [];
  };
}

function summary({ waiting, delayed, active, completed, dead, paused }: JobCounts): string {
  return `waiting ${waiting}, delayed ${delayed}, active ${active}, completed ${completed}, dead ${dead}${paused ? ', paused' : ''}`;
}

function deadLine(terminal: Terminal, { id, atMs, deadReason = 'poison', failedAttempts, lastError = '' }: JobSnapshot<Body>): string {
  const line = `${momentOf(atMs)} ${id} ${deadReason} after ${failedAttempts} failed attempts ${visible(lastError)}`;
  return paint(terminal, 'red', line.trimEnd());
}
