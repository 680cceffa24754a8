import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { run } from './run.ts';

/** Runs a command line where nobody can answer a question; all of these end before Redis is asked. */
async function cli(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    status: undefined,
    ask: undefined,
    wide: undefined,
    colours: false,
  };
  const code = await run(args, { terminal, signal: new AbortController().signal, clock: systemClock, redisUrl: undefined });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test.each([
  [[], 'Usage: nines-queue COMMAND'],
  [['frobnicate'], 'nines-queue has no command "frobnicate"; it knows stats, peek, get'],
  [['stats'], 'INVALID_OPTION: --queue is missing'],
  [['stats', '--queue', 'a b'], 'INVALID_OPTION: name must be 1 to 128 letters'],
  [['stats', '--queue', 'x', 'y'], '"y" is no option, and nothing else is expected'],
  [['stats', '--kueue', 'x'], "Unknown option '--kueue'"],
  [['stats', '--queue', 'x'], 'say where Redis is: --redis URL, or REDIS_URL in the environment'],
  [['stats', '--queue', 'x', '--redis', 'http://user:geheim@h'], '--redis, or REDIS_URL, must be redis://HOST:PORT or rediss://HOST:PORT'],
  [['stats', '--queue', 'x', '--partitions', '65'], '--partitions must be a whole number from 1 to 64, got "65"'],
  [['peek', '--queue', 'x', '--state', 'lost'], '--state must be one of waiting, delayed, active, completed, dead, got "lost"'],
  [['get', '--queue', 'x'], 'name one id'],
  [['dead', '--queue', 'x', 'poison'], 'INVALID_FILTER: the filter has "poison"; allowed is reason=…, error=NAME'],
  [['redrive', '--queue', 'x'], 'say which dead letters to redrive: a FILTER, or --id, or --all'],
  [['redrive', '--queue', 'x', '--all', 'reason=poison', '--yes'], 'say which dead letters to redrive'],
  [['redrive', '--queue', 'x', '--id', 'a', '--rate', '5'], '--rate, --limit and --dry-run are for a FILTER or --all'],
  [['redrive', '--queue', 'x', '--all', '--yes', '--rate', '0'], '--rate must be a number from 0.01 to 1000000, got "0"'],
  [['redrive', '--queue', 'x', '--all'], 'redrive asks before it begins, and the input is no terminal: say --yes'],
  [['purge', '--queue', 'x', '--id', 'a'], 'purge asks before it begins, and the input is no terminal: say --yes'],
  [['import', '--queue', 'x'], 'name one file; it is read twice'],
  [['tail', '--queue', 'x', '--every', '0'], '--every must be a whole number from 1 to 3600, got "0"'],
])('nines-queue %j ends with 2 and says why', async (args, message) => {
  const { code, out, err } = await cli(...args);
  expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(message) as string });
  expect(err).not.toContain('geheim');
});

const commands = ['stats', 'peek', 'get', 'dead', 'redrive', 'purge', 'export', 'import', 'pause', 'resume', 'tail'];

test('--help lists every command, and each has its own with examples', async () => {
  const { code, out } = await cli('--help');
  expect(code).toBe(0);
  for (const command of commands) {
    expect(out).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
    const help = await cli(command, '--help');
    expect(help).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Usage: nines-queue ${command}`) as string });
    expect(help.out).toMatch(/Examples:\n {2}nines-queue/);
  }
});
