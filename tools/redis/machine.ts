import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { RedisProbes } from './find.ts';

/** What this machine answers to the questions of {@link findRedis}. */
export function machineProbes(): RedisProbes {
  return {
    url: process.env['REDIS_URL'],
    platform: process.platform,
    root: process.getuid?.() === 0,
    terminal: process.stdin.isTTY && process.stderr.isTTY && process.env['CI'] === undefined,
    has: (program) => onPath(program) !== undefined,
    dockerAnswers: () => succeeds('docker', ['info'], 10_000),
    confirm,
  };
}

/** The path of a program, looked up on PATH as the shell would. */
export function onPath(program: string): string | undefined {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  const files = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return files.find((file) => executable(file));
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function succeeds(program: string, args: readonly string[], timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout }, (error) => resolve(error === null));
  });
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/n] `)).trim());
  } finally {
    terminal.close();
  }
}
