import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { differences, writeAll, type Generator } from './files.ts';

function root(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nines-generate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const generator: Generator = {
  name: 'two',
  folders: ['out'],
  files: () => [
    { path: 'out/a.yaml', text: 'one\ntwo\n' },
    { path: 'elsewhere/b.yaml', text: 'b\n' },
  ],
};

test('what is written is as generated', () => {
  const folder = root();
  expect(differences(folder, generator)).toEqual(['out/a.yaml:1 is missing', 'elsewhere/b.yaml:1 is missing']);
  expect(writeAll(folder, generator)).toBe(2);
  expect(differences(folder, generator)).toEqual([]);
});

test('a change is named with its line, and a file that nobody generates with its name; writing mends both', () => {
  const folder = root();
  writeAll(folder, generator);
  writeFileSync(join(folder, 'out/a.yaml'), 'one\nzwei\n');
  writeFileSync(join(folder, 'out/stranger.yaml'), '');
  expect(differences(folder, generator)).toEqual(['out/a.yaml:2 is not as generated', 'out/stranger.yaml:1 is not generated']);
  writeAll(folder, generator);
  expect(readdirSync(join(folder, 'out'))).toEqual(['a.yaml']);
});

test('nothing is written or removed when one file cannot be generated', () => {
  const folder = root();
  writeAll(folder, generator);
  const broken: Generator = {
    ...generator,
    files: () => {
      throw new Error('refused');
    },
  };
  expect(() => writeAll(folder, broken)).toThrow('refused');
  expect(readFileSync(join(folder, 'out/a.yaml'), 'utf8')).toBe('one\ntwo\n');
});
