import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { checkHouse } from './check.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Each rule with its planted faults, and nothing but these. */
const planted: Readonly<Record<string, readonly string[]>> = {
  clean: [],
  cycle: ['packages/slo/src/c.ts:3 cycle'],
  sibling: [
    'examples/app/src/main.ts:2 sibling',
    'examples/app/src/main.ts:3 sibling',
    'examples/app/src/main.ts:4 sibling',
    'packages/queue/src/a.ts:2 sibling',
    'packages/queue/src/a.ts:3 sibling',
    'packages/queue/src/a.ts:4 sibling',
    'packages/queue/src/a.ts:5 sibling',
    'packages/resilience/src/a.ts:1 sibling',
    'packages/slo/src/a.ts:3 sibling',
    'packages/telemetry/src/a.ts:1 sibling',
    'tools/start.ts:1 sibling',
    'tools/start.ts:2 sibling',
  ],
  'third-party': ['packages/queue/src/b.ts:2 third-party', 'packages/queue/src/b.ts:3 dependency'],
  size: [
    'packages/slo/src/long-file.ts:301 file-size',
    'packages/slo/src/long-function.ts:3 function-size',
    'packages/slo/src/long.lua:61 lua-size',
  ],
  clock: [
    'packages/slo/src/a.ts:1 clock',
    'packages/slo/src/a.ts:4 clock',
    'packages/slo/src/a.ts:5 clock',
    'packages/slo/src/a.ts:6 clock',
    'packages/slo/src/a.ts:7 clock',
    'packages/slo/src/a.ts:8 clock',
    'packages/slo/src/a.ts:9 clock',
    'packages/slo/src/a.ts:10 clock',
    'packages/slo/src/a.ts:13 clock',
    'packages/slo/src/a.ts:13 clock',
    'packages/slo/src/a.ts:14 clock',
  ],
  environment: ['packages/queue/src/a.ts:2 environment', 'packages/queue/src/a.ts:3 environment'],
  name: [
    'packages/queue/src/helpers/a.ts:1 name',
    'packages/queue/src/queue.ts:3 name',
    'packages/queue/src/redis-utils.ts:1 name',
    'tools/misc.mjs:1 name',
  ],
  index: ['packages/queue/src/index.ts:3 index'],
  leftover: [
    'README.md:3 machine-path',
    'README.md:5 later',
    'deploy/values.yaml:2 machine-path',
    'packages/slo/src/a.ts:1 later',
    'packages/slo/src/a.ts:2 machine-path',
  ],
};

test.each(Object.entries(planted))('the faults planted in "%s" are found with file and line', (name, expected) => {
  const found = checkHouse(fixture(name)).findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`);
  expect(found).toEqual(expected);
});

test('a cycle is shown from file to file', () => {
  expect(checkHouse(fixture('cycle')).findings[0]?.message).toBe(
    'closes an import cycle: packages/slo/src/a.ts → packages/slo/src/b.ts → packages/slo/src/c.ts → packages/slo/src/a.ts',
  );
});

test('files that git ignores are not looked at', () => {
  const root = mkdtempSync(join(tmpdir(), 'nines-house-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  cpSync(fixture('leftover'), root, { recursive: true });
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  cpSync(join(root, 'README.md'), join(root, '.gitignore'));
  expect(checkHouse(root).findings.some(({ file }) => file === 'README.md')).toBe(true);
  execFileSync('/bin/sh', ['-c', 'echo README.md > .gitignore'], { cwd: root });
  expect(checkHouse(root).findings.some(({ file }) => file === 'README.md')).toBe(false);
});

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const cli = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

test('the command prints file:line rule message and exits 1, 0 when clean, 2 when misused', () => {
  const faulty = cli(fixture('index'));
  expect(faulty.stdout).toBe('packages/queue/src/index.ts:3 index an index.ts only re-exports\n');
  expect(faulty.status).toBe(1);
  expect(cli(fixture('clean'))).toMatchObject({ status: 0, stdout: expect.stringContaining('keep the house rules') });
  expect(cli('--no-such-option').status).toBe(2);
});

test('the command prints JSON on request', () => {
  const { stdout, status } = cli('--json', fixture('name'));
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ file: 'tools/misc.mjs', line: 1, rule: 'name' }));
});
