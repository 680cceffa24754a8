import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';
import { parseManifests } from '../../tools/deploy/manifests.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** The scripts that deploy, run for real with tools that only write down what they are asked to do: what, with which arguments, in which order. */
const P = '--project nines-example-1';
const G = '--github octo-org/nines';
const REGISTRY = 'asia-south1-docker.pkg.dev/nines-example-1/sre-portfolio-repo';
const SCRIPTS = readdirSync(join(ROOT, 'deploy/scripts'), { withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith('.sh'))
  .map(({ name }) => name);

const words = (call: string, count: number): string => call.split(' ').slice(0, count).join(' ');

describe.skipIf(process.platform === 'win32')('deploy/scripts', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  test.each(SCRIPTS)('%s stops at the first error, and --help says how it is called', (script) => {
    expect(readFileSync(join(ROOT, 'deploy/scripts', script), 'utf8')).toMatch(/^#!\/usr\/bin\/env bash\n(#.*\n)+set -euo pipefail\n/);
    const { status, stdout, calls } = machine.run(script, '--help');
    expect(stdout).toMatch(new RegExp(`deploy/scripts/${script}\\s`));
    expect([status, calls]).toEqual([0, []]);
  });

  test('build-images builds both targets from the commit', () => {
    const build = (target: string): string =>
      `docker build --target ${target} --build-arg REVISION=${machine.sha} --tag ${REGISTRY}/nines-${target}:${machine.sha} --file Dockerfile .`;
    const { status, calls } = machine.run('build-images', P);
    expect(calls).toEqual(['docker version --format {{.Server.Version}}', build('api'), build('worker')]);
    expect(status).toBe(0);
  });

  test('build-images takes the bases of a mirror', () => {
    const { calls } = machine.run('build-images', '--local', { BASE_IMAGE: 'mirror.example/base@sha256:1' });
    expect(calls).toContain(
      `docker build --target api --build-arg REVISION=${machine.sha} --build-arg BASE_IMAGE=mirror.example/base@sha256:1 --tag kind.local/nines-api:${machine.sha} --file Dockerfile .`,
    );
  });

  test('build-images minds no change below deploy, which is in no image', () => {
    writeFileSync(join(machine.repository, 'deploy/.terraform.lock.hcl'), '');
    try {
      expect(machine.run('build-images', P).status).toBe(0);
    } finally {
      rmSync(join(machine.repository, 'deploy/.terraform.lock.hcl'));
    }
  });

  test('push-images looks whether a tag is taken, and pushes if not', () => {
    const { status, calls } = machine.run('push-images', `${P} --region europe-west1`);
    const host = 'europe-west1-docker.pkg.dev';
    const image = (name: string): string => `${host}/nines-example-1/sre-portfolio-repo/nines-${name}:${machine.sha}`;
    const digest = (name: string): string => `docker buildx imagetools inspect ${image(name)} --format {{json .Manifest}}`;
    expect(calls.slice(-7)).toEqual([
      `gcloud auth configure-docker ${host} --quiet`,
      ...['api', 'worker'].flatMap((name) => [`docker manifest inspect ${image(name)}`, `docker push ${image(name)}`, digest(name)]),
    ]);
    expect(status).toBe(0);
  });

  test('push-images pushes nothing over a tag that is taken', () => {
    expect(machine.run('push-images', P, { TAKEN: 'yes' }).changes).toEqual([
      'gcloud auth configure-docker asia-south1-docker.pkg.dev --quiet',
    ]);
  });

  test('upgrade checks the cluster, the kinds, the images, the namespace and the Secret, and then runs Helm once', () => {
    const { status, calls } = machine.run('upgrade', `${P} --domain relay.example.com`);
    expect(calls.map((call) => words(call, 4))).toEqual([
      'helm version --template {{.Version}}',
      'kubectl get --raw=/readyz --request-timeout=10s',
      'kubectl get crd gateways.gateway.networking.k8s.io',
      'kubectl get crd healthcheckpolicies.networking.gke.io',
      'kubectl get crd podmonitorings.monitoring.googleapis.com',
      'gcloud artifacts docker images',
      'gcloud artifacts docker images',
      'kubectl get crd instrumentations.telemetry.googleapis.com',
      'kubectl get namespace nines',
      'kubectl --namespace nines get',
      'kubectl --namespace nines get',
      'kubectl get --raw=/apis/external.metrics.k8s.io/v1beta1 --request-timeout=10s',
      'helm status nines --namespace',
      'helm upgrade nines deploy/chart',
    ]);
    expect(calls.at(-1)).toBe(
      `helm upgrade nines deploy/chart --install --namespace nines --values deploy/chart/values-gke.yaml --set gke.gateway.hostnames={relay.example.com}` +
        ` --set-string image.registry=${REGISTRY} --set-string image.tag=${machine.sha} --atomic --timeout 10m`,
    );
    expect(status).toBe(0);
  });

  test('upgrade asks for no certificate without a domain', () => {
    expect(machine.run('upgrade', '', { GCP_PROJECT_ID: 'nines-example-1' }).calls.at(-1)).toContain(
      ' --set-string gke.gateway.certificateMap= ',
    );
  });

  test('upgrade --local needs no project, and no kind of Google', () => {
    const { status, calls } = machine.run('upgrade', '--local');
    expect(calls.join('\n')).not.toMatch(/gcloud|crd/);
    expect(calls.at(-1)).toBe(
      `helm upgrade nines deploy/chart --install --namespace nines --values deploy/chart/values-local.yaml` +
        ` --set-string image.registry=kind.local --set-string image.tag=${machine.sha} --atomic --timeout 10m`,
    );
    expect(status).toBe(0);
  });

  test('apply writes the images, applies the overlay and waits for each workload', () => {
    const { status, calls } = machine.run('apply', '--overlay gke --local');
    expect(calls.slice(-5)).toEqual([
      `deploy/image kind.local ${machine.sha}`,
      'kubectl apply --kustomize deploy/k8s/gke',
      'kubectl --namespace nines rollout status statefulset/nines-redis --timeout 10m',
      'kubectl --namespace nines rollout status deployment/nines-api --timeout 10m',
      'kubectl --namespace nines rollout status deployment/nines-worker --timeout 10m',
    ]);
    expect(status).toBe(0);
  });

  test('ship builds, pushes, upgrades and verifies', () => {
    const { status, changes } = machine.run('ship', P);
    expect(changes.map((call) => words(call, 2)).join(', ')).toBe(
      'docker build, docker build, gcloud auth, docker push, docker push, helm upgrade, deploy/verify --namespace',
    );
    expect(status).toBe(0);
  });

  test('ship stops where a step fails', () => {
    const { status, changes } = machine.run('ship', P, { FAIL: 'docker push .*worker' });
    expect(changes.at(-1)).toContain('docker push');
    expect(status).toBe(1);
  });

  test('secret makes the namespace and a key that no argument shows, and never a second one', () => {
    const destination = '--destination receiver=https://example.com/hooks';
    const first = machine.run('secret', destination, { ABSENT: 'get secret' });
    // Not applied, which would write over a Secret that is there, and repeat it in an annotation.
    expect(first.changes).toEqual(['kubectl apply --filename -', 'kubectl create --filename -']);
    expect(first.stdin).toContain('pod-security.kubernetes.io/enforce: restricted\n');
    expect(first.stdin).toMatch(/WEBHOOK_SECRET: whsec_[A-Za-z0-9+/]{32}\n {2}DESTINATIONS: "receiver=https:\/\/example\.com\/hooks"\n/);
    const key = /API_KEY: ([\da-f]{64})\n/.exec(first.stdin)?.[1] ?? '';
    expect(first.stdin).toContain(`API_KEYS: first=${createHash('sha256').update(key).digest('hex')}\n`);
    expect(machine.run('secret', destination).changes).toEqual([]);
  });

  test('secret takes a destination that is a secret from the environment, and hands it on in no argument', () => {
    const { stdin, calls } = machine.run('secret', '', { NINES_DESTINATION: 'a=https://a.example/s3cret', ABSENT: 'get secret' });
    expect(stdin).toContain('DESTINATIONS: "a=https://a.example/s3cret"\n');
    expect(calls.join('\n')).not.toContain('s3cret');
  });

  test('secret makes nothing while the cluster does not say what is there', () => {
    const { status, stderr, changes } = machine.run('secret', '--destination a=https://a.example', { FAIL: 'get secret nines ' });
    expect(stderr).toContain('the cluster does not say whether the Secret nines is in the namespace nines. Run this, then try again:\n');
    expect([status, changes]).toEqual([2, []]);
  });

  test('secret makes no second key beside one whose hash is gone', () => {
    const { status, stderr, changes } = machine.run('secret', '--destination a=https://a.example', { ABSENT: 'get secret nines ' });
    expect(stderr).toContain('kubectl --namespace nines delete secret nines-api-key\n');
    expect([status, changes]).toEqual([2, []]);
  });

  test('secret gives each user of Redis a password of its own, also to a namespace that has the other Secret already', () => {
    const { stdin, status } = machine.run('secret', '--destination a=https://a.example', { ABSENT: 'get secret nines-redis' });
    const passwords = ['API', 'WORKER', 'OPERATOR'].map(
      (user) => new RegExp(`^ {2}${user}_PASSWORD: ([\\da-f]{64})$`, 'm').exec(stdin)?.[1],
    );
    expect(new Set(passwords).size).toBe(3);
    expect([parseManifests(stdin).map(({ kind, metadata }) => `${kind}/${metadata.name}`), status]).toEqual([
      ['Namespace/nines', 'Secret/nines-redis'],
      0,
    ]);
  });

  test('github-variables hands over what is not empty', () => {
    const { status, calls, stdin } = machine.run('github-variables', G);
    expect([calls.at(-1), stdin, status]).toEqual(['gh variable set --repo octo-org/nines --env-file -', 'GCP_REGION=asia-south1\n', 0]);
  });

  test('test-release fails with what the pod said', () => {
    const { status, calls } = machine.run('test-release', '', { FAIL: '^helm test' });
    expect([calls.at(-1), status]).toEqual(['kubectl --namespace nines logs nines-test --request-timeout=10s', 1]);
  });

  test.each([
    ['one that failed', 'superseded failed deployed', 1],
    ['what a rollback had brought back', 'superseded failed superseded deployed', 3],
    ['the one that still counts, where an upgrade was cut off', 'superseded deployed pending-upgrade', 2],
  ])('rollback goes back to the last that ran: %s', (_, states, revision) => {
    const HISTORY = JSON.stringify(states.split(' ').map((status, at) => ({ revision: at + 1, status })));
    const { status, changes } = machine.run('rollback', '', { HISTORY });
    expect(changes).toEqual([`helm rollback nines ${revision} --namespace nines --wait --timeout 10m`]);
    expect(status).toBe(0);
  });

  test.each([
    [
      'connect',
      P,
      'gcloud container clusters get-credentials sre-platform --location asia-south1 --project nines-example-1 --dns-endpoint',
    ],
    ['rollback', '', 'helm rollback nines 1 --namespace nines --wait --timeout 10m'],
    ['test-release', '', 'helm test nines --namespace nines --timeout 5m'],
    ['kind-remove', '', 'kubectl delete namespace nines --ignore-not-found --timeout 5m'],
  ])('%s changes one thing', (script, args, call) => {
    const { status, changes } = machine.run(script, args);
    expect(changes).toEqual([call]);
    expect(status).toBe(0);
  });

  test('kind-prepare brings what a cluster of Google has, and a receiver', () => {
    const { status, changes, stdin } = machine.run('kind-prepare', '', { ABSENT: 'get secret' });
    expect(changes).toEqual([
      'kubectl apply --filename deploy/scripts/kind/crds.yaml',
      'kubectl apply --filename -',
      'kubectl create --filename -',
      'kubectl apply --filename deploy/scripts/kind/receiver.yaml',
      'kubectl --namespace nines apply --filename deploy/scripts/kind/receiver.networkpolicy.yaml',
      'kubectl --namespace receiver rollout status deployment/receiver --timeout 5m',
    ]);
    expect(stdin).toContain('DESTINATIONS: "receiver=http://receiver.receiver.svc.cluster.local:8080/"');
    expect(status).toBe(0);
  });

  test('kind-load brings both images to the nodes', () => {
    const { sha } = machine;
    expect(machine.run('kind-load', '').changes).toEqual([
      `kind load docker-image kind.local/nines-api:${sha} kind.local/nines-worker:${sha} --name nines`,
    ]);
  });

  test('no image holds anything of deploy', () => {
    expect(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).not.toMatch(/^(COPY|ADD) .*(deploy| \.\/? )/m);
  });
});
