import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** A refusal names the thing in one sentence, and the command that mends it below it, exits 2, and has asked for nothing that changes anything. */
const P = '--project nines-example-1';
const G = '--github octo-org/nines';
const A40 = 'a'.repeat(40);
const UPDATE = 'gcloud container clusters update';

/** What is wrong, the script, its options, what the sentence holds, what it says to do, and which calls of a tool fail. */
const REFUSALS: readonly (readonly [what: string, script: string, args: string, says: string, mend: string, fail?: string])[] = [
  ['no project id', 'build-images', '', 'no project id is given', 'build-images --project PROJECT_ID'],
  ['no project id', 'push-images', '', 'no project id is given', 'push-images --project PROJECT_ID'],
  ['no project id', 'upgrade', '', 'no project id is given', 'upgrade --project PROJECT_ID'],
  ['no project id', 'connect', '', 'no project id is given', 'connect --project PROJECT_ID'],
  ['no project id', 'ship', '', 'no project id is given', 'ship --project PROJECT_ID'],
  ['no project id', 'infrastructure', G, 'no project id is given', 'infrastructure --project PROJECT_ID'],
  ['a bad project id', 'upgrade', '--project Mine', '"Mine" is not a project id', 'gcloud projects list'],
  [
    'a tag that is a word',
    'upgrade',
    `${P} --sha latest`,
    `tag "latest" is not a commit's full SHA`,
    `upgrade ${P} --sha "$(git rev-parse HEAD)"`,
  ],
  ['a short SHA', 'push-images', `${P} --sha abc1234`, `tag "abc1234" is not a commit's full SHA`, `push-images ${P} --sha`],
  ['a commit not checked out', 'build-images', `${P} --sha ${A40}`, `the commit ${A40} is not what is`, `git checkout ${A40}`],
  ['no Docker', 'build-images', P, 'the Docker daemon does not answer', 'sudo systemctl start docker', 'docker version'],
  ['an image not built', 'push-images', P, 'is not on this machine', `deploy/scripts/build-images ${P}`, 'image inspect .*worker'],
  ['a cluster out of reach', 'upgrade', P, 'context "kind-nines" cannot be reached', `deploy/scripts/connect ${P}`, 'readyz'],
  [
    'a cluster out of reach',
    'apply',
    `--overlay base ${P}`,
    'context "kind-nines" cannot be reached',
    `deploy/scripts/connect ${P}`,
    'readyz',
  ],
  ['a cluster out of reach', 'apply', '--overlay base --local', 'cannot be reached', 'kind create cluster --name nines', 'readyz'],
  ['kinds of Google', 'apply', '--overlay gke --local', 'does not know gateways', 'deploy/scripts/kind-prepare', 'crd gateways'],
  ['no buildx', 'push-images', P, 'Docker has no buildx', 'sudo apt-get install docker-buildx', 'buildx version'],
  ['no buildx', 'verify-images', `${P} ${G}`, 'Docker has no buildx', 'sudo apt-get install docker-buildx', 'buildx version'],
  ['a cluster out of reach', 'ship', P, 'context "kind-nines" cannot be reached', `deploy/scripts/connect ${P}`, 'readyz'],
  ['a cluster out of reach', 'test-release', '', 'context "kind-nines" cannot be reached', 'deploy/scripts/connect --project', 'readyz'],
  ['a cluster out of reach', 'rollback', '', 'context "kind-nines" cannot be reached', 'deploy/scripts/connect --project', 'readyz'],
  ['a missing Gateway', 'upgrade', P, 'does not know gateways.gateway.networking.k8s.io', `${UPDATE} sre-platform`, 'crd gateways'],
  ['a missing policy', 'upgrade', P, 'does not know healthcheckpolicies.networking.gke.io', UPDATE, 'crd healthcheckpolicies'],
  ['missing monitoring', 'upgrade', P, 'does not know podmonitorings.monitoring.googleapis.com', UPDATE, 'crd podmonitorings'],
  ['missing monitoring', 'apply', `--overlay gke ${P}`, 'does not know podmonitorings', UPDATE, 'crd podmonitorings'],
  [
    'a domain that sets more',
    'upgrade',
    `${P} --domain a.example},networkPolicy.enabled=false,gke.gateway.hostnames={a.example`,
    'is not a domain',
    'upgrade --domain relay.example.com',
  ],
  ['an image not pushed', 'upgrade', P, 'is not in the registry', `deploy/scripts/push-images ${P}`, 'images describe'],
  ['a missing namespace', 'upgrade', P, 'there is no namespace nines', 'deploy/scripts/secret --namespace nines', 'get namespace'],
  [
    'a missing Secret',
    'upgrade',
    P,
    'the Secret nines is not in the namespace nines',
    'deploy/scripts/secret --namespace nines',
    'get secret',
  ],
  [
    'a missing Secret',
    'apply',
    '--overlay base --local',
    'the Secret nines is not in',
    'deploy/scripts/secret --namespace nines --destination',
    'get secret',
  ],
  ['an unknown overlay', 'apply', '--overlay prod --local', '"prod" is neither base nor gke', 'deploy/scripts/apply --overlay base'],
  [
    'a bad destination',
    'secret',
    '--destination https://a.example',
    '"https://a.example" is not NAME=URL',
    'deploy/scripts/secret --destination',
  ],
  ['a destination with quotes', 'secret', '--destination a=https://a.example/"', 'is not NAME=URL', 'deploy/scripts/secret --destination'],
  ['no kind cluster', 'kind-load', '--cluster other', 'there is no kind cluster "other"', 'kind create cluster --name other'],
  ['an image not built', 'kind-load', '', 'is not on this machine', 'deploy/scripts/build-images --local', 'image inspect .*api'],
  ['a cluster of others', 'kind-remove', '', 'the context "" is not a kind cluster', 'kubectl config use-context', 'current-context'],
  ['a cluster of others', 'kind-prepare', '', 'the context "" is not a kind cluster', 'kubectl config use-context', 'current-context'],
  ['no cluster', 'kind-prepare', '', 'there is no kind cluster "nines"', 'kind create cluster --name nines', '(current|get)-context'],
  ['no credentials', 'infrastructure', `${P} ${G}`, 'Terraform has no credentials', 'gcloud auth login --update-adc', 'print-access-token'],
  [
    'a project out of sight',
    'infrastructure',
    `${P} ${G}`,
    'cannot be seen with your account',
    'gcloud projects create',
    'projects describe',
  ],
  ['no repository', 'infrastructure', P, '"" is not a repository as OWNER/NAME', `infrastructure ${P} --github OWNER/NAME`],
  ['no outputs', 'github-variables', G, 'deploy/terraform/main has no outputs yet', 'deploy/scripts/infrastructure --project', ' output '],
  [
    'no release before',
    'rollback',
    '',
    'nothing was installed in the namespace nines',
    'helm uninstall nines --namespace nines',
    'history',
  ],
  ['a commit not pushed', 'verify-commit', G, 'GitHub does not know the commit', 'git push', '^gh api'],
  ['no repository', 'verify-images', P, '"" is not a repository as OWNER/NAME', `verify-images ${P} --github OWNER/NAME`],
  ['no repository', 'sign-images', P, '"" is not a repository as OWNER/NAME', `sign-images ${P} --github OWNER/NAME`],
  ['an image not built', 'sbom', '--local', 'is not on this machine', 'deploy/scripts/build-images --local', 'image inspect .*api'],
  ['no project id', 'slo-gate', '', 'no project id is given', 'slo-gate --project PROJECT_ID'],
  ['no credentials', 'slo-gate', P, 'gcloud has no credentials', 'gcloud auth login', 'print-access-token'],
  ['an old Node.js', 'slo-gate', P, 'there is no Node.js 22.18 or newer', 'npm ci', 'node -e'],
  ['no file', 'backup', '', 'no file is given', 'deploy/scripts/backup --to nines.rdb'],
  [
    'a file that is there',
    'backup',
    '--to repository/deploy/chart/Chart.yaml',
    'Chart.yaml is there already',
    'deploy/scripts/backup --to',
  ],
  ['a folder that is not there', 'backup', '--to no/where.rdb', 'where.rdb is not there', 'mkdir -p'],
  [
    'no Redis of the chart',
    'backup',
    '--to a.rdb',
    'the chart runs no Redis in the namespace nines',
    'redis instances export',
    'statefulset',
  ],
  ['a Redis before 7', 'backup', '--to a.rdb', 'it is older than 7', 'kubectl --namespace nines logs nines-redis-0', 'test -e'],
  ['no file', 'restore', '', 'no file is given', 'deploy/scripts/restore --from nines.rdb'],
  ['a file that is not there', 'restore', '--from no.rdb', 'no.rdb cannot be read', 'ls -l'],
  ['a wrong word', 'restore', '--from log --over sure', '--over is "sure", and only yes is known', 'restore --help'],
  ['an unknown option', 'upgrade', '--tag x', '--tag is not an option of this script', 'upgrade --help'],
  ['an option without value', 'upgrade', '--project', '--project has no value', 'upgrade --help'],
];

describe.skipIf(process.platform === 'win32')('a refusal', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  for (const [what, script, args, says, mend, fail] of REFUSALS)
    test(`of ${what} by ${script} ${args}`, () => {
      const { status, stderr, changes } = machine.run(script, args, fail === undefined ? {} : { FAIL: fail });
      expect(stderr.split('. Run this, then try again:\n  ')).toEqual([expect.stringContaining(says), expect.stringContaining(mend)]);
      expect(stderr.trimEnd().split('\n')).toHaveLength(2);
      expect(status).toBe(2);
      expect(changes).toEqual([]);
    });

  test.each([
    ['upgrade', P],
    ['apply', '--overlay base --local'],
  ])('of a namespace that does not enforce Pod Security by %s', (script, args) => {
    const mend = 'kubectl label namespace nines --overwrite pod-security.kubernetes.io/enforce=restricted';
    for (const [label, said] of [
      ['', 'nothing'],
      ['baseline', 'baseline'],
    ] as const) {
      const { status, stderr, changes } = machine.run(script, args, { POD_SECURITY: label });
      expect(stderr).toContain(
        `the namespace nines does not enforce Pod Security "restricted", but "${said}". Run this, then try again:\n  ${mend}\n`,
      );
      expect([status, changes]).toEqual([2, []]);
    }
  });

  // An empty one is of a job that lost it: the tag alone must not do instead.
  test.each(['sha256:12', '', `sha512:${'a'.repeat(64)}`, `sha256:${'A'.repeat(64)}`])('of the digest "%s" by upgrade', (digest) => {
    const { status, stderr, changes } = machine.run('upgrade', P, { NINES_WORKER_DIGEST: digest });
    expect(stderr).toContain(`"${digest}" is not the digest of nines-worker. Run this, then try again:\n  deploy/scripts/push-images ${P}`);
    expect([status, changes]).toEqual([2, []]);
  });

  test.each([
    ['scan', '', '.grype.yaml'],
    ['scan', '', '.grype'],
    ['sbom', '--local', '.syft.yml'],
  ])('by %s %s of settings that would leave something out, %s', (script, args, file) => {
    mkdirSync(join(machine.repository, 'reports'), { recursive: true });
    for (const name of ['lock', 'nines-api', 'nines-worker']) writeFileSync(join(machine.repository, `reports/${name}.cdx.json`), '{}');
    writeFileSync(join(machine.repository, file), 'ignore: []');
    const { status, stderr, calls } = machine.run(script, args);
    for (const each of [file, 'reports']) rmSync(join(machine.repository, each), { recursive: true });
    expect(stderr).toContain(`${file} would tell ${script === 'scan' ? 'grype' : 'syft'} what to leave out`);
    expect([status, calls.filter((call) => /^(grype|syft)/.test(call))]).toEqual([2, []]);
  });

  test('of Helm 4, which calls the option otherwise', () => {
    const { status, stderr, changes } = machine.run('upgrade', P, { HELM: 'v4.0.0' });
    expect(stderr).toMatch(/: Helm v4\.0\.0 does not know --atomic\. Run this, then try again:\n {2}go install helm\.sh\/helm\/v3/);
    expect([status, changes]).toEqual([2, []]);
  });

  test('of changes that are in no commit', () => {
    writeFileSync(join(machine.repository, 'new.txt'), '');
    try {
      const { status, stderr, calls } = machine.run('build-images', P);
      expect(stderr).toBe(
        'deploy/scripts/build-images: there are changes that are in no commit, so no SHA names them. Run this, then try again:\n  git add --all && git commit\n',
      );
      expect([status, calls]).toEqual([2, []]);
    } finally {
      rmSync(join(machine.repository, 'new.txt'));
    }
  });

  test.each([
    ['build-images', P, 'docker'],
    ['push-images', P, 'docker'],
    ['upgrade', P, 'helm'],
    ['connect', P, 'gcloud'],
    ['secret', '--destination a=https://a.example', 'kubectl'],
    ['apply', '--overlay base --local', 'kubectl'],
    ['kind-load', '', 'docker'],
    ['kind-remove', '', 'kubectl'],
    ['kind-prepare', '', 'kubectl'],
    ['rollback', '', 'helm'],
    ['test-release', '', 'helm'],
    ['ship', P, 'kubectl'],
    ['infrastructure', `${P} ${G}`, 'terraform'],
    ['github-variables', G, 'gh'],
    ['verify-commit', G, 'gh'],
    ['infrastructure-plan', `${P} ${G}`, 'terraform'],
    ['infrastructure-apply', `${P} ${G} --changes ${'a'.repeat(64)}`, 'terraform'],
    ['sbom', '--local', 'docker'],
    ['scan', '', 'grype'],
    ['sign-images', `${P} ${G}`, 'docker'],
    ['verify-images', `${P} ${G}`, 'docker'],
    ['slo-gate', P, 'gcloud'],
  ])('of a machine without tools by %s', (script, args, tool) => {
    const { status, stderr } = machine.runWithoutTools(script, args);
    expect(stderr).toMatch(
      new RegExp(`^deploy/scripts/${script}: ${tool} is not on PATH\\. Run this, then try again:\n {2}\\w+ .*install`),
    );
    expect(status).toBe(2);
  });
});
