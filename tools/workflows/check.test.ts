import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { auditWorkflow } from './audits.ts';
import { checkWorkflow } from './check.ts';
import { lintWorkflow } from './lint.ts';

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

const files = globSync('.github/workflows/*.yml', { cwd: ROOT });
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test.each(files)('%s is sound', async (file) => {
  expect(checkWorkflow(read(file))).toEqual([]);
  expect(auditWorkflow(read(file))).toEqual([]);
  expect(await lintWorkflow(file, read(file))).toEqual([]);
});

test('an action is of one version in all workflows', () => {
  const pins = new Map<string, Set<string>>();
  for (const [, action = '', pin = ''] of files.flatMap((file) => [...read(file).matchAll(/uses: ([\w./-]+)@(.+)$/gm)]))
    pins.set(action, (pins.get(action) ?? new Set()).add(pin));
  expect([...pins].filter(([, versions]) => versions.size > 1)).toEqual([]);
});

test('the workflows are there', () => {
  expect(globSync('.github/workflows/*.yml', { cwd: ROOT }).length).toBeGreaterThan(1);
  expect(checkWorkflow(sound)).toEqual([]);
  expect(auditWorkflow(sound)).toEqual([]);
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

test.each([
  ['a trigger with rights', 'on: push', 'on:\n  workflow_run:', '2 a trigger that runs with rights which a foreign change must not have'],
  ['a secret', 'REF: ${{ github.ref }}', 'REF: ${{ secrets.KEY }}', '14 a secret: identities and the token of the run are enough'],
  ['a key', 'persist-credentials: false', 'credentials_json: x', '11 a key of Google Cloud: the identity of the run is enough'],
  [
    'a program from the network',
    'echo "$REF"',
    'curl -sSf https://a.example/x | sudo bash',
    '12 a program from the network goes straight into a shell',
  ],
  ['a written environment', 'echo "$REF"', 'echo "A=$REF" >> "$GITHUB_ENV"', '12 the environment of later steps is written by a command'],
  [
    'an image by its tag',
    '    timeout-minutes',
    '    container:\n      image: node:24\n    timeout-minutes',
    '6 an image without its digest',
  ],
  ['a runner that moves', '    timeout-minutes', '    runs-on: ubuntu-latest\n    timeout-minutes', '5 a runner without its version'],
  ['a failure that nobody sees', '    timeout-minutes', '    continue-on-error: true\n    timeout-minutes', '5 a failure that nobody sees'],
  [
    'all secrets at once',
    'REF: ${{ github.ref }}',
    'REF: ${{ toJSON(secrets) }}',
    '14 a secret: identities and the token of the run are enough',
  ],
  [
    'an actor that anybody can be',
    '      - run: echo',
    "      - if: github.actor == 'dependabot[bot]'\n        run: echo",
    '12 whoever acts last is asked who they are: a foreign change can be made to look like a robot of ours',
  ],
  [
    'a branch that is a part of a text',
    '      - run: echo',
    "      - if: contains('refs/heads/main refs/heads/next', github.ref)\n        run: echo",
    '12 a part of the text counts as the whole: compare with ==, or with fromJSON of a list',
  ],
  [
    'a condition that is always true',
    '      - run: echo',
    "      - if: ${{ github.event_name == 'push' }} && false\n        run: echo",
    '12 a condition that is text, and so always true',
  ],
  [
    'the code of a foreign change',
    'persist-credentials: false',
    'persist-credentials: false\n          ref: ${{ github.head_ref }}',
    '12 code of a foreign change is checked out by name',
  ],
  [
    'everything as an artifact',
    'persist-credentials: false',
    'persist-credentials: false\n          path: .',
    '12 the whole checkout is handed on, with whatever is in it',
  ],
  ['the newest tool', 'echo "$REF"', 'go install example.com/tool@latest', '12 a tool of whatever version is the newest'],
  ['the newest package', 'echo "$REF"', 'npx --yes tool', '12 a tool of whatever version is the newest'],
  ['another shell', 'run: echo "$REF"', 'run: echo "$REF"\n        shell: pwsh', '13 another shell than bash'],
  [
    'a cache where it may write',
    'contents: read',
    'contents: write\n    cache: npm',
    '4 a job that may write restores a cache, which another job may have filled',
  ],
  [
    'an identity without an environment',
    'contents: read',
    'contents: read\n      id-token: write',
    '4 an identity without an environment: nothing says on which branch it may be used',
  ],
])('auditWorkflow finds %s', (_, before, after, problem) => {
  expect(auditWorkflow(sound.replace(before, () => after))).toEqual([problem]);
});

test.each([
  ['a condition that is one expression', '      - run: echo', "      - if: ${{ github.event_name == 'push' }}\n        run: echo"],
  ['a condition without braces', '      - run: echo', "      - if: contains(fromJSON('[1]'), 1)\n        run: echo"],
  ['a tool of a version', 'echo "$REF"', 'npx --yes tool@1.2.3'],
])('auditWorkflow lets pass %s', (_, before, after) => {
  expect(auditWorkflow(sound.replace(before, () => after))).toEqual([]);
});

test('lintWorkflow knows what GitHub added since, and finds what is wrong', async () => {
  const lint = (text: string): Promise<string[]> => lintWorkflow('x.yml', text);
  const runs = sound.replace('    timeout', '    runs-on: ubuntu-24.04\n    timeout');
  expect(await lint(runs)).toEqual([]);
  expect(await lint(runs.replace('github.ref', 'vars.REF'))).toEqual([]);
  expect(await lint(runs.replace('ubuntu-24.04', 'ubuntu-30.04'))).toEqual([expect.stringContaining('label "ubuntu-30.04" is unknown')]);
  expect(await lint(runs.replace('github.ref', 'github.rev'))).toEqual([expect.stringContaining('property "rev" is not defined')]);
  expect(await lint(runs.replace('timeout-minutes', 'timeout'))).toEqual([expect.stringContaining('unexpected key "timeout"')]);
});
