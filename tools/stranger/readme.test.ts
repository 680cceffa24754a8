import { expect, test } from 'vitest';
import { importedPackages, mismatch, programsOf, programsOfDocstrings } from './readme.ts';

const markdown = [
  '# Title',
  '',
  '```ts',
  'one();',
  '```',
  '',
  'It prints:',
  '',
  '```text',
  'a …',
  '```',
  '',
  '```sh',
  'npm i',
  '```',
  '',
  '```ts',
  'two();',
  '```',
  'No word about it.',
  '```text',
  'b',
  '```',
  '```js',
  'x',
  '```',
].join('\n');

test('programsOf finds each ts block, its line, and what it prints when the document says so', () => {
  expect(programsOf('README.md', markdown)).toEqual([
    { file: 'README.md', line: 3, code: 'one();', prints: 'a …' },
    { file: 'README.md', line: 17, code: 'two();', prints: undefined },
  ]);
});

test('programsOf knows a block by the name that its fence gives it', () => {
  expect(programsOf('a.md', '```ts codec.ts\nexport {};\n```\n')).toEqual([
    { file: 'a.md', line: 1, name: 'codec.ts', code: 'export {};', prints: undefined },
  ]);
});

test('programsOf keeps shorter fences inside of longer ones', () => {
  expect(programsOf('a.md', '````ts\n```\n````\n')).toEqual([{ file: 'a.md', line: 1, code: '```', prints: undefined }]);
});

test('importedPackages names packages, not built-in modules, files or sub-paths', () => {
  const code = `import { Redis } from 'ioredis';\nimport '@nines/queue/testing';\nimport fs from 'node:fs';\nimport 'events';\nimport './a.ts';\nawait import('pino');`;
  expect(importedPackages(code)).toEqual(['ioredis', '@nines/queue', 'pino']);
  expect(importedPackages("console.log('from', 1, 'to', 2); Buffer.from('a secret');")).toEqual([]);
});

test.each([
  ['a b\nc', 'a b  \nc\n'],
  ['id …, took … ms', 'id 42, took 3 ms\n'],
  ['first\n…\nlast', 'first\n1\n2\nlast\n'],
  ['first\n…\nlast', 'first\nlast\n'],
  ['1 + 1 (two)', '1 + 1 (two)\n'],
  ['at 2026-01-01T12:00:00.000Z', 'at 2031-02-03T04:05:06.789Z\n'],
  ['span 2f31aa… of 0af7651916cd43dd8448eb211c80319c', 'span b7ad6b7169203331 of 4bf92f3577b34da6a3ce929d0e0e4736\n'],
])('mismatch accepts %j for %j', (shown, printed) => {
  expect(mismatch(shown, printed)).toBeUndefined();
});

test.each([
  ['a', 'b\n'],
  ['a', 'a\nb\n'],
  ['id …', 'id 1\nid 2\n'],
  ['a.c', 'abc\n'],
  ['at 2026-01-01T12:00:00.000Z', 'at noon\n'],
  ['span 0af7651916cd43dd', 'span 0af7651916cd43dd8448eb211c80319c1\n'],
])('mismatch refuses %j for %j', (shown, printed) => {
  expect(mismatch(shown, printed)).toContain('printed:');
});

test('programs of docstrings are found with their line, and with what they say they print', () => {
  const source = [
    '/**',
    ' * Adds.',
    ' *',
    ' * @example',
    ' * ```ts',
    " * import { add } from 'add';",
    ' * console.log(add(1, 2)); // 3',
    ' * ```',
    ' */',
  ].join('\n');
  expect(programsOfDocstrings('add.ts', source)).toEqual([
    { file: 'add.ts', line: 5, code: "import { add } from 'add';\nconsole.log(add(1, 2)); // 3", prints: '3' },
  ]);
  expect(programsOfDocstrings('add.ts', source.replace(' // 3', ''))[0]?.prints).toBeUndefined();
});
