#!/usr/bin/env node
import { run } from './cli/run.ts';

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  colours: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  columns: process.stdout.columns ?? 100,
});
