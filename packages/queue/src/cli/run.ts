import { parseArgs } from 'node:util';
import { isQueueError, type QueueErrorCode } from '../errors.ts';
import type { Command, ExitCode, OpenQueue, Surroundings } from './command.ts';
import { whole, type Arguments } from './command.ts';
import { dead } from './commands/dead.ts';
import { exportCommand } from './commands/export.ts';
import { get } from './commands/get.ts';
import { importCommand } from './commands/import.ts';
import { pause, resume } from './commands/pause.ts';
import { peek } from './commands/peek.ts';
import { purge } from './commands/purge.ts';
import { redrive } from './commands/redrive.ts';
import { stats } from './commands/stats.ts';
import { tail } from './commands/tail.ts';
import { connectHelp, connectOptions, nameOf, NotFound, openQueue } from './connect.ts';
import { visible } from './terminal.ts';

const commands: readonly Command[] = [stats, peek, get, dead, redrive, purge, exportCommand, importCommand, pause, resume, tail];

const help = `Usage: nines-queue COMMAND --queue NAME [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`).join('\n')}

Of every command:
${connectHelp}
  --json          the result as JSON: one value, or one a line from export and tail
  --help          what the command does and takes

Exit codes: 0 done, 1 failed or stopped before the end, 2 used wrongly (also: nobody can say yes), 3 no such queue or job.
Payloads are shown where --payload says so only. Colours and tables on a terminal only; NO_COLOR and FORCE_COLOR are heeded.

Examples:
  nines-queue stats --queue orders --redis redis://127.0.0.1:6379
  nines-queue dead --queue orders reason=poison
  nines-queue redrive --queue orders error~Timeout --rate 50`;

/** Runs one command line and returns its exit code; what goes wrong is said on the terminal, never thrown. */
export async function run(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { terminal } = around;
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal[name === undefined ? 'err' : 'out'](help);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    terminal.err(`nines-queue has no command ${JSON.stringify(name.slice(0, 60))}; it knows ${commands.map((one) => one.name).join(', ')}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(`${command.help}\n\n${connectHelp}`);
    return 0;
  }
  try {
    return await carryOut(command, rest, around);
  } catch (error) {
    const { lines, code } = told(error, command);
    for (const line of lines) terminal.err(line.split('\n').map(visible).join('\n'));
    return code;
  }
}

async function carryOut(command: Command, args: string[], around: Surroundings): Promise<ExitCode> {
  const options = { ...connectOptions, json: { type: 'boolean' }, ...command.options } as const;
  const given: Arguments = parseArgs({ args, options, allowPositionals: true, strict: true });
  nameOf(given);
  command.check?.(given, around);
  const queue: OpenQueue = await openQueue(given, around, command.mayBeNew === true, whole(given, 'max-dead', 1, 10_000_000));
  try {
    return await command.run(given, queue, around);
  } finally {
    await queue.close();
  }
}

/** Errors that say that the command was used wrongly. */
const MISUSE: ReadonlySet<QueueErrorCode> = new Set(['INVALID_OPTION', 'INVALID_FILTER', 'INVALID_LINE', 'PARTITIONS_MISMATCH']);

function told(error: unknown, { name }: Command): { readonly lines: readonly string[]; readonly code: ExitCode } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NotFound) return { lines: [message], code: 3 };
  if (isQueueError(error)) return { lines: [`${error.code}: ${message}`], code: MISUSE.has(error.code) ? 2 : 1 };
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return { lines: [message, `nines-queue ${name} --help lists the options`], code: 2 };
  return { lines: [`unexpected: ${error instanceof Error ? (error.stack ?? message) : message}`], code: 1 };
}
