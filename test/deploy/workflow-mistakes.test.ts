import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditWorkflow } from '../../tools/workflows/audits.ts';
import { checkWorkflow } from '../../tools/workflows/check.ts';
import { lintWorkflow } from '../../tools/workflows/lint.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

/** Mistakes as people make them, each planted in a copy of a workflow of this repository: what checks workflows must refuse every one, and says which it is. */
const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1';
const MISTAKES: readonly (readonly [mistake: string, file: string, before: string, after: string, says: string])[] = [
  ['an action by its tag', 'deploy', CHECKOUT, 'actions/checkout@v7', 'is not pinned by a full SHA'],
  ['an action by a branch', 'infra', CHECKOUT, 'actions/checkout@main', 'is not pinned by a full SHA'],
  ['rights for the whole workflow', 'release', 'permissions: {}', 'permissions: write-all', 'permissions are not the least'],
  ['a job with the rights that are left', 'ci', '    permissions:\n      contents: read\n', '', 'the job names no permissions'],
  ['kept credentials', 'deploy', 'persist-credentials: false', 'persist-credentials: true', 'the checkout keeps its credentials'],
  [
    "a branch's name in a script",
    'infra',
    'run: deploy/scripts/infrastructure-plan',
    'run: deploy/scripts/infrastructure-plan --ref ${{ github.head_ref }}',
    'an expression inside of a script',
  ],
  ['the rights of the repository for a foreign change', 'infra', '  pull_request:\n', '  pull_request_target:\n', 'must not have'],
  [
    'a key in the place of the identity',
    'deploy',
    'service_account: ${{ vars.GCP_IMAGES }}',
    'credentials_json: ${{ vars.KEY }}',
    'a key of Google Cloud',
  ],
  ['a secret', 'deploy', 'GH_TOKEN: ${{ github.token }}', 'GH_TOKEN: ${{ secrets.PAT }}', 'a secret: identities'],
  ['an identity on any branch', 'deploy', '    environment: images\n', '', 'an identity without an environment'],
  [
    'a cache where images are signed',
    'deploy',
    'package-manager-cache: false\n      - run: npm ci',
    'cache: npm\n      - run: npm ci',
    'restores a cache',
  ],
  ['a job that nobody waits for', 'deploy', 'needs: commit', 'needs: comit', 'needs job "comit" which does not exist'],
  ['an output that no step has', 'deploy', 'steps.push.outputs', 'steps.pushed.outputs', 'property "pushed" is not defined'],
  ['a job that cannot end', 'deploy', '    timeout-minutes: 40\n', '', 'the job has no time limit'],
  ['a runner that changes', 'ci', 'runs-on: ubuntu-24.04', 'runs-on: ubuntu-latest', 'a runner without its version'],
  ['a night that never comes', 'infra', "cron: '17 2 * * *'", "cron: '17 25 * * *'", 'invalid CRON format'],
  ['a trigger that does not exist', 'release', '  push:\n', '  pushed:\n', 'unknown Webhook event "pushed"'],
  [
    'a test that may fail',
    'deploy',
    '      - run: .ci/run\n',
    '      - run: .ci/run\n        continue-on-error: true\n',
    'a failure that nobody sees',
  ],
  ['every secret as a variable', 'deploy', 'GH_TOKEN: ${{ github.token }}', 'ALL: ${{ toJSON(secrets) }}', 'a secret: identities'],
  [
    'a robot that anybody can look like',
    'deploy',
    '      - run: .ci/run\n',
    "      - if: github.actor != 'dependabot[bot]'\n        run: .ci/run\n",
    'whoever acts last',
  ],
  [
    'a condition that is always true',
    'deploy',
    '      - run: .ci/run\n',
    "      - if: ${{ github.ref == 'refs/heads/main' }} || true\n        run: .ci/run\n",
    'always true',
  ],
  ['whatever is newest', 'kind', 'run: npm ci --ignore-scripts', 'run: npm install --global tool@latest', 'whatever version is the newest'],
];

async function problemsOf(file: string, text: string): Promise<string[]> {
  return [...checkWorkflow(text), ...auditWorkflow(text), ...(await lintWorkflow(file, text))];
}

test.each(MISTAKES)('%s is refused', async (_, name, before, after, says) => {
  const file = `.github/workflows/${name}.yml`;
  const text = readFileSync(join(ROOT, file), 'utf8');
  expect(text).toContain(before);
  expect(await problemsOf(file, text)).toEqual([]);
  expect(
    (
      await problemsOf(
        file,
        text.replace(before, () => after),
      )
    ).join('\n'),
  ).toContain(says);
});
