import { parseArgs } from 'node:util';
import { isSloError } from '../errors.ts';
import type { Command, Terminal } from './command.ts';
import { backtest } from './commands/backtest.ts';
import { calc } from './commands/calc.ts';
import { gate } from './commands/gate.ts';
import { generate } from './commands/generate.ts';
import { report } from './commands/report.ts';
import { simulate } from './commands/simulate.ts';
import { test } from './commands/test.ts';
import { validate } from './commands/validate.ts';

const commands: readonly Command[] = [validate, generate, test, calc, simulate, backtest, report, gate];

const help = `Usage: nines-slo COMMAND [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join('\n')}

Every command has --json and --help. Exit codes: 0 fine, 1 the policy says no, 2 an error, and then no file is written.

Examples:
  nines-slo calc --objective 99.9%
  nines-slo validate slos.yaml
  nines-slo generate slos.yaml --out rules
  nines-slo gate slos.yaml --prometheus http://127.0.0.1:9090`;

/** Runs one command line and returns its exit code; what goes wrong is said on the terminal, never thrown. */
export async function run(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal[name === undefined ? 'err' : 'out'](help);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    terminal.err(`nines-slo has no command ${JSON.stringify(name.slice(0, 60))}; it knows ${commands.map((one) => one.name).join(', ')}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(command.help);
    return 0;
  }
  try {
    const parsed = parseArgs({ args: rest, options: command.options, allowPositionals: true, strict: true });
    return await command.run(parsed, terminal);
  } catch (error) {
    for (const line of linesOf(error, command)) terminal.err(line);
    return 2;
  }
}

function linesOf(error: unknown, { name }: Command): string[] {
  const message = error instanceof Error ? error.message : String(error);
  if (isSloError(error)) {
    const findings = error.findings.map(
      ({ code, path, line, message: what }) => `  ${path}${line === undefined ? '' : ` (line ${line})`}: ${what} [${code}]`,
    );
    return [`${error.code}: ${message}`, ...findings];
  }
  const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return usage
    ? [message, `nines-slo ${name} --help lists the options`]
    : [`unexpected: ${error instanceof Error ? (error.stack ?? message) : message}`];
}
