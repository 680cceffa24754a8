import type { JobState } from '../../store.ts';
import { flag, misused, refusePositionals, text, whole, type Arguments, type Command } from '../command.ts';
import { jobJson, writeJobs } from '../job-view.ts';

const STATES: readonly JobState[] = ['waiting', 'delayed', 'active', 'completed', 'dead'];

/** `nines-queue peek` */
export const peek: Command = {
  name: 'peek',
  summary: 'the next jobs, or those of another state',
  help: `Usage: nines-queue peek --queue NAME [--state STATE] [--limit N] [--payload] [--json]

Lists jobs without touching them: those that are claimed next, or those of another state, oldest first.

  --state STATE   waiting (default), delayed, active, completed, dead
  --limit N       1 to 1000; default 10
  --payload       show the payloads too

Examples:
  nines-queue peek --queue orders
  nines-queue peek --queue orders --state delayed --limit 100 --json`,
  options: { state: { type: 'string' }, limit: { type: 'string' }, payload: { type: 'boolean' } },
  check(given) {
    refusePositionals(given);
    stateOf(given);
    whole(given, 'limit', 1, 1000);
  },
  async run(given, { inspector }, { terminal }) {
    const jobs = await inspector.list(stateOf(given), { limit: whole(given, 'limit', 1, 1000) ?? 10 });
    const payload = flag(given, 'payload');
    if (flag(given, 'json')) terminal.out(JSON.stringify(jobs.map((job) => jobJson(job, payload))));
    else writeJobs(terminal, jobs, payload);
    return 0;
  },
};

function stateOf(given: Arguments): JobState {
  const name = text(given, 'state') ?? 'waiting';
  return STATES.find((state) => state === name) ?? misused(`--state must be one of ${STATES.join(', ')}, got ${JSON.stringify(name)}`);
}
