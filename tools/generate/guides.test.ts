import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { differences } from './files.ts';
import { guidesGenerator, withFiles } from './guides.ts';
import { lineDiff } from './line-diff.ts';

test('lineDiff marks what is only before, only after, and in both', () => {
  expect(lineDiff('a\nb\nc\nd\n', 'a\nx\nc\nd\ne\n')).toEqual(['  a', '- b', '+ x', '  c', '  d', '+ e']);
  expect(lineDiff('a\n\nb\n', 'a\n\nb\n')).toEqual(['  a', '', '  b']);
  expect(lineDiff('a\n', 'b\nc\n')).toEqual(['- a', '+ b', '+ c']);
});

test('lineDiff leads from one text to the other, whichever they are', () => {
  const [before, after] = ['b\na\nc\na\nb\nd', 'a\nb\nd\nc\nb'];
  const marked = lineDiff(before, after);
  const without = (mark: string) => marked.filter((line) => !line.startsWith(mark)).map((line) => line.slice(2));
  expect([without('+').join('\n'), without('-').join('\n')]).toEqual([before, after]);
});

const files: Readonly<Record<string, string>> = { 'a.ts': 'one\ntwo\n', 'b.ts': 'one\nthree\n' };
const read = (path: string) => files[path] ?? '';

test('a block below its comment shows the file, or the difference of two files; every other block is left alone', () => {
  const guide = (one: string, two: string) =>
    [
      '<!-- generated from a.ts -->',
      '```ts a.ts',
      one,
      '```',
      '',
      '<!-- generated from a.ts and b.ts -->',
      '',
      '```diff',
      two,
      '```',
      '```ts',
      'mine();',
      '```',
      '',
    ].join('\n');
  const wanted = guide('one\ntwo', '  one\n- two\n+ three');
  expect(withFiles(guide('old', 'old'), read)).toBe(wanted);
  const empty = (text: string) => text.replaceAll(/(```(?:ts a.ts|diff)\n)[^`]*/g, '$1');
  expect(withFiles(empty(wanted), read)).toBe(wanted);
  expect(empty(wanted)).not.toContain('one');
});

test('the guides show the files as they are', () => {
  expect(differences(ROOT, guidesGenerator(ROOT))).toEqual([]);
});
