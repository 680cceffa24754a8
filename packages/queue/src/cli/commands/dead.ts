import type { JobSnapshot } from '../../job-snapshot.ts';
import type { Body } from '../body.ts';
import { filterHelp, filterOf, flag, whole, type Command } from '../command.ts';
import { jobJson, writeJobs } from '../job-view.ts';

/** `nines-queue dead` */
export const dead: Command = {
  name: 'dead',
  summary: 'dead letters, with a filter',
  help: `Usage: nines-queue dead [FILTER] --queue NAME [--limit N] [--json]

Lists dead letters, oldest first (partition by partition), with reason and last error.

${filterHelp}
  --limit N       so many at most, 1 to 100000; default 20

Examples:
  nines-queue dead --queue orders
  nines-queue dead --queue orders reason=poison after=2026-01-01 --limit 1000 --json`,
  options: { limit: { type: 'string' } },
  check(given) {
    filterOf(given);
    whole(given, 'limit', 1, 100_000);
  },
  async run(given, { inspector }, { terminal, signal }) {
    const filter = filterOf(given);
    const limit = whole(given, 'limit', 1, 100_000) ?? 20;
    const jobs: JobSnapshot<Body>[] = [];
    let after: string | undefined;
    do {
      const page = await inspector.deadLetters({
        filter,
        limit: Math.min(1000, limit - jobs.length),
        ...(after === undefined ? {} : { after }),
      });
      jobs.push(...page.jobs);
      after = page.next;
    } while (after !== undefined && jobs.length < limit && !signal.aborted);
    if (flag(given, 'json')) terminal.out(JSON.stringify(jobs.map((job) => jobJson(job, false))));
    else writeJobs(terminal, jobs, false);
    if (after !== undefined && !flag(given, 'json')) terminal.err(`only the first ${jobs.length} are shown; --limit shows more`);
    return signal.aborted ? 1 : 0;
  },
};
