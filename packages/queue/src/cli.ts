#!/usr/bin/env node
import { createInterface } from 'node:readline';
import { run } from './cli/run.ts';
import type { Terminal } from './cli/terminal.ts';
import { systemClock } from './clock.ts';

const { env, stdin, stdout, stderr } = process;
const stop = new AbortController();
const abort = () => stop.abort();
// Once: whoever asks again does not wait for what runs.
process.once('SIGINT', abort);
process.once('SIGTERM', abort);
// Who reads the output may go before its end.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  abort();
});

/** FORCE_COLOR wins over NO_COLOR, which wins over what the output is; as in Node itself. */
function colours(): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stdout.isTTY && (env['NO_COLOR'] ?? '') === '';
}

/** Resolves to what is typed, and to nothing at the end of the input or at an interrupt. */
function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  return new Promise((resolve) => {
    const end = () => lines.close();
    stop.signal.addEventListener('abort', end);
    lines.once('close', () => resolve(''));
    lines.once('SIGINT', abort);
    lines.question(question, (answer) => {
      stop.signal.removeEventListener('abort', end);
      resolve(answer);
      end();
    });
  });
}

const terminal: Terminal = {
  out: (line) => void stdout.write(`${line}\n`),
  err: (line) => void stderr.write(`${line}\n`),
  status: stderr.isTTY ? (line) => void stderr.write(`\r\u001B[K${line}`) : undefined,
  ask: stdin.isTTY ? ask : undefined,
  wide: stdout.isTTY ? stdout.columns || 100 : undefined,
  colours: colours(),
};

async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), {
    terminal,
    signal: stop.signal,
    clock: systemClock,
    redisUrl: env['REDIS_URL'],
  });
}

// Not awaited: the CommonJS build has no await at the top.
void main();
