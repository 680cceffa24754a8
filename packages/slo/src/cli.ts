#!/usr/bin/env node
import { run } from './cli/run.ts';

const terminal = {
  out: (line: string): boolean => process.stdout.write(`${line}\n`),
  err: (line: string): boolean => process.stderr.write(`${line}\n`),
  colours: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
  columns: process.stdout.columns ?? 100,
};
async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), terminal);
}

// Not awaited: the CommonJS build has no await at the top.
void main();
