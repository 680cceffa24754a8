import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHART, findHelm, GKE_APIS, type Rendered } from '../../tools/deploy/helm.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** What deploy/scripts/upgrade hands to Helm is rendered here: a value that the chart does not know would be refused by its schema. */
const helm = findHelm();
if (helm === undefined)
  console.warn('SKIPPED: what upgrade asks for is not rendered here: there is neither helm nor Go with the libraries of its stand-in');

/** The `--values` and `--set` of a recorded call. The stand-in does not read Helm's lists (`{one}`), so one goes by a file. */
function render(call: string, folder: string): Rendered | undefined {
  const after = (flag: RegExp): string[] => [...call.matchAll(flag)].map(([, value = '']) => value);
  const set = after(/ --set(?:-string)? (\S+)/g);
  const hostnames = /^gke\.gateway\.hostnames=\{(\S+)\}$/;
  const listed = set.flatMap((one) => hostnames.exec(one)?.[1] ?? []);
  const file = join(folder, 'listed.yaml');
  writeFileSync(file, JSON.stringify(listed.length > 0 ? { gke: { gateway: { hostnames: listed } } } : {}));
  return helm?.template({
    namespace: after(/ --namespace (\S+)/g)[0] ?? '',
    values: [...after(/ --values deploy\/chart\/(\S+)/g), relative(CHART, file)],
    set: set.filter((one) => !hostnames.test(one)),
    apiVersions: call.includes('values-gke') ? GKE_APIS : [],
  });
}

describe.skipIf(helm === undefined || process.platform === 'win32')('upgrade asks the chart', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  const rendered = (args: string, env: Readonly<Record<string, string>> = {}): string => {
    const result = render(machine.run('upgrade', args, env).calls.at(-1) ?? '', join(machine.repository, '..'));
    if (result?.ok !== true) throw new Error(result?.message);
    return result.text;
  };

  test('for the images of the project, its address, its domain and its certificate', () => {
    const text = rendered('--project nines-example-1 --domain relay.example.com');
    for (const name of ['api', 'worker'])
      expect(text).toContain(`image: asia-south1-docker.pkg.dev/nines-example-1/sre-portfolio-repo/nines-${name}:${machine.sha}\n`);
    expect(text).toMatch(/hostnames:\n +- relay\.example\.com\n/);
    expect(text).toContain('networking.gke.io/certmap: nines\n');
    expect(text).toContain('value: nines\n');
  });

  test('for no certificate and plain HTTP without a domain', () => {
    const text = rendered('--project nines-example-1');
    expect(text).not.toMatch(/certmap|hostnames|HTTPS/);
    expect(text).toContain('kind: Gateway\n');
  });

  test("for Google's collector of traces, or for one of the chart where the cluster has none", () => {
    expect(rendered('--project nines-example-1')).toContain('http://opentelemetry-collector.gke-managed-otel.svc.cluster.local:4318');
    const none = { FAIL: 'crd instrumentations' };
    const own = rendered('--project nines-example-1', none);
    expect(own).toContain('http://nines-collector:4318');
    expect(own).toContain('image: docker.io/otel/opentelemetry-collector-contrib:');
    expect(machine.run('upgrade', '--project nines-example-1', none)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('no Managed OpenTelemetry: traces go through a collector of the chart\n') as string,
    });
  });

  test('for the images that kind-load brings, and for nothing of Google, on a cluster of this machine', () => {
    const text = rendered('--local');
    for (const name of ['api', 'worker']) expect(text).toContain(`image: kind.local/nines-${name}:${machine.sha}\n`);
    expect(text).not.toMatch(/gke|Gateway|PodMonitoring/);
  });

  test('for values of one’s own, after those of the chart, and then for no Secret of the chart’s Redis', () => {
    writeFileSync(join(machine.repository, 'mine.yaml'), '{}');
    const { status, calls } = machine.run('upgrade', '--project nines-example-1 --values mine.yaml');
    expect(calls.at(-1)).toMatch(/ --values deploy\/chart\/values-gke\.yaml .*--values mine\.yaml --set-string image\.registry=/);
    expect(calls.filter((call) => call.includes('get secret')).map((call) => call.split(' ')[5])).toEqual(['nines']);
    expect(status).toBe(0);
    const { status: refused, stderr } = machine.run('upgrade', '--project nines-example-1 --values none.yaml');
    expect([refused, stderr]).toEqual([2, expect.stringContaining('the file of values none.yaml cannot be read')]);
  });

  test('for the digests that were verified, where they are given', () => {
    const [api, worker] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
    const text = rendered('--project nines-example-1', { NINES_API_DIGEST: api, NINES_WORKER_DIGEST: worker });
    for (const [name, digest] of Object.entries({ api, worker })) expect(text).toContain(`/nines-${name}:${machine.sha}@${digest}\n`);
  });
});

describe.skipIf(process.platform === 'win32')('an upgrade that fails says', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  test.each([
    [
      'that it was rolled back, and to what',
      'deployed:3',
      'deployed:5',
      'and was rolled back: the release nines is deployed in revision 5, with',
    ],
    [
      'that it was refused before it began',
      'deployed:3',
      'deployed:3',
      'and changed nothing: the release nines is still deployed in revision 3',
    ],
    ['that nothing of a first installation is left', '', '', 'and there is no release nines: nothing of it runs'],
    [
      'that it did not come back',
      'deployed:3',
      'pending-rollback:5',
      'and did NOT come back: the release nines is pending-rollback in revision 5. See',
    ],
  ])('%s', (_, RELEASE_BEFORE, RELEASE_AFTER, sentence) => {
    const { status, stderr, calls } = machine.run('upgrade', '--local', { FAIL: '^helm upgrade', RELEASE_BEFORE, RELEASE_AFTER });
    expect(stderr).toContain(`deploy/scripts/upgrade: the upgrade to ${machine.sha} failed ${sentence}`);
    expect(status).toBe(1);
    expect(calls.filter((call) => call.startsWith('helm upgrade'))).toHaveLength(1);
  });

  test.each([
    ['pending-install:1', 'another installation is under way, or was cut off', 'helm uninstall nines --namespace nines'],
    ['pending-upgrade:4', 'another upgrade is under way, or was cut off', 'deploy/scripts/rollback --namespace nines'],
  ])('before it begins, that the release is %s', (RELEASE_BEFORE, sentence, mend) => {
    const { status, stderr, changes } = machine.run('upgrade', '--local', { RELEASE_BEFORE });
    expect(stderr).toContain(`the release nines is ${RELEASE_BEFORE.replace(':', ' in revision ')}: ${sentence}`);
    expect(stderr).toContain(`  ${mend}\n`);
    expect([changes, status]).toEqual([[], 2]);
  });
});
