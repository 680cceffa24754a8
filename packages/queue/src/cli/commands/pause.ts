import { flag, refusePositionals, type Command } from '../command.ts';

/** `nines-queue pause` and `nines-queue resume` */
function make(name: 'pause' | 'resume', summary: string, what: string): Command {
  return {
    name,
    summary,
    help: `Usage: nines-queue ${name} --queue NAME [--json]

${what}

Examples:
  nines-queue ${name} --queue orders`,
    options: {},
    check: refusePositionals,
    async run(given, { inspector, title }, { terminal }) {
      await inspector[name]();
      const { paused } = await inspector.counts();
      terminal.out(flag(given, 'json') ? JSON.stringify({ paused }) : `${title} is ${paused ? 'paused' : 'not paused'}`);
      return 0;
    },
  };
}

export const pause: Command = make(
  'pause',
  'stop all claims; what runs is finished',
  'Stops claims in every process. What runs is finished and settled, and jobs may still be enqueued.',
);
export const resume: Command = make('resume', 'let claims go on', 'Lets claims go on in every process.');
