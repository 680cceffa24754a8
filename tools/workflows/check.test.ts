import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { checkWorkflow } from './check.ts';

const sha = '3d3c42e5aac5ba805825da76410c181273ba90b1';
const sound = `on: push
permissions: {}
jobs:
  one:
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@${sha} # v7.0.1
        with:
          persist-credentials: false
      - run: echo "$REF"
        env:
          REF: \${{ github.ref }}
`;

test.each(globSync('.github/workflows/*.yml', { cwd: ROOT }))('%s is sound', (file) => {
  expect(checkWorkflow(readFileSync(join(ROOT, file), 'utf8'))).toEqual([]);
});

test('the workflows are there', () => {
  expect(globSync('.github/workflows/*.yml', { cwd: ROOT }).length).toBeGreaterThan(1);
  expect(checkWorkflow(sound)).toEqual([]);
});

test.each([
  ['a tag', `@${sha} # v7.0.1`, '@v7', '9 "actions/checkout@v7" is not pinned by a full SHA with its version beside'],
  ['a SHA without its version', ' # v7.0.1', '', `9 "actions/checkout@${sha}" is not pinned by a full SHA with its version beside`],
  ['no top permissions', 'permissions: {}\n', '', '1 the workflow does not start from "permissions: {}"'],
  ['no job permissions', '    permissions:\n      contents: read\n', '', '4 the job names no permissions'],
  ['no time limit', '    timeout-minutes: 5\n', '', '4 the job has no time limit'],
  ['kept credentials', 'persist-credentials: false', 'fetch-depth: 0', '4 the checkout keeps its credentials'],
  [
    'an expression in a script',
    'echo "$REF"',
    'echo "${{ github.event.issue.title }}"',
    '12 an expression inside of a script: pass it as an environment variable',
  ],
  [
    'an expression in a longer script',
    'run: echo "$REF"',
    'run: |\n          echo "${{ github.head_ref }}"',
    '13 an expression inside of a script: pass it as an environment variable',
  ],
  ['a token', 'contents: read', 'contents: read # ${{ secrets.NPM_TOKEN }}', '7 publishing is by trust, not by a token'],
  [
    'a dangerous trigger',
    'on: push',
    'on:\n  pull_request_target:',
    '2 pull_request_target runs with rights that a foreign change must not have',
  ],
])('checkWorkflow finds %s', (_, before, after, problem) => {
  expect(checkWorkflow(sound.replace(before, () => after))).toEqual([problem]);
});
