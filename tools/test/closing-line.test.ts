import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const vitest = here('../../node_modules/vitest/vitest.mjs');

interface Run {
  readonly status: number;
  readonly last: string;
}

function run(fixture: string): Promise<Run> {
  const root = here(`fixtures/closing-line/${fixture}`);
  const args = [vitest, 'run', '--root', root, '--reporter=default', `--reporter=${here('closing-line.ts')}`];
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  return new Promise((resolve) => {
    // Both streams in one, as a terminal shows them.
    execFile('/bin/sh', ['-c', 'exec "$0" "$@" 2>&1', process.execPath, ...args], { env }, (error, stdout) => {
      const status = error === null ? 0 : Number(error.code);
      resolve({ status, last: stdout.trimEnd().split('\n').at(-1) ?? '' });
    });
  });
}

const cases: readonly (readonly [fixture: string, last: string, status: number])[] = [
  ['passing', '2 passed, 0 failed', 0],
  ['failing', '1 passed, 1 failed', 1],
  ['skipped', '1 passed, 0 failed, 2 skipped', 0],
  ['no-load', '1 passed, 1 failed', 1],
  ['before-all', '1 passed, 1 failed, 1 skipped', 1],
  ['after-all', '1 passed, 1 failed', 1],
  ['before-each', '0 passed, 1 failed', 1],
  ['unhandled', '1 passed, 1 failed', 1],
  ['global-setup', '0 passed, 1 failed', 1],
  ['unmet-coverage', '1 passed, 1 failed', 1],
  ['noisy', '1 passed, 0 failed', 0],
  ['empty', '0 passed, 1 failed', 1],
  ['no-redis', '0 passed, 0 failed, 2 skipped', 0],
];

test.skipIf(process.platform === 'win32').each(cases)(
  'the closing line of "%s" is "%s"',
  { timeout: 60_000 },
  async (fixture, last, status) => {
    expect(await run(fixture)).toEqual({ status, last });
  },
);
