import { checkId } from '../../id.ts';
import { flag, misused, type Arguments, type Command } from '../command.ts';
import { NotFound } from '../connect.ts';
import { jobJson, writeJob } from '../job-view.ts';

/** `nines-queue get` */
export const get: Command = {
  name: 'get',
  summary: 'one job: its state, its last error, its trace',
  help: `Usage: nines-queue get ID --queue NAME [--payload] [--json]

Shows one job. The exit code is 3 when there is none of this id (any more).

  --payload       show its payload too

Examples:
  nines-queue get order-1 --queue orders
  nines-queue get order-1 --queue orders --payload --json`,
  options: { payload: { type: 'boolean' } },
  check: (given) => void idOf(given),
  async run(given, { inspector, title }, { terminal }) {
    const id = idOf(given);
    const job = await inspector.get(id);
    if (job === undefined) throw new NotFound(`there is no job ${id} in ${title}`);
    if (flag(given, 'json')) terminal.out(JSON.stringify(jobJson(job, flag(given, 'payload'))));
    else writeJob(terminal, job, flag(given, 'payload'));
    return 0;
  },
};

function idOf({ positionals }: Arguments): string {
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0) misused('name one id');
  checkId(id);
  return id;
}
