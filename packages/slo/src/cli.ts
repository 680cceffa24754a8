#!/usr/bin/env node
import { run } from './cli/run.ts';

const terminal = {
  out: (line: string): boolean => process.stdout.write(`${line}\n`),
  err: (line: string): boolean => process.stderr.write(`${line}\n`),
  colours: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
  columns: process.stdout.columns ?? 100,
};
// Not awaited at the top: the CommonJS build has no such thing.
void run(process.argv.slice(2), terminal).then((code) => {
  process.exitCode = code;
});
