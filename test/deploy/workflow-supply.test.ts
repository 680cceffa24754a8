import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../tools/redis/machine.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** What stands between a commit and a cluster: who signed it, what is in it, what is known to be wrong with it, who built it, how it does. */
const P = '--project nines-example-1';
const G = '--github octo-org/nines';
const REGISTRY = 'asia-south1-docker.pkg.dev/nines-example-1/sre-portfolio-repo';
const DIGEST = `sha256:${'7'.padStart(64, '0')}`;
const WORKFLOW = String.raw`^https://github\.com/octo-org/nines/\.github/workflows/(deploy|release)\.yml@refs/heads/main$`;
const BY_WORKFLOW = `--certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity-regexp ${WORKFLOW}`;
const image = (name: string, registry = REGISTRY): string => `${registry}/nines-${name}@${DIGEST}`;

describe.skipIf(process.platform === 'win32')('the supply chain', () => {
  let machine: Machine;
  let byWorkflow: string;
  beforeAll(() => {
    machine = makeMachine();
    byWorkflow = `${BY_WORKFLOW} --certificate-github-workflow-sha ${machine.sha}`;
    mkdirSync(join(machine.repository, 'reports'));
    for (const name of ['lock', 'nines-api', 'nines-worker']) writeFileSync(join(machine.repository, `reports/${name}.cdx.json`), '{}');
  });
  afterAll(() => machine.remove());

  test('verify-commit asks GitHub, and takes nothing but a valid signature', () => {
    const good = machine.run('verify-commit', G);
    expect(good.calls[0]).toMatch(new RegExp(`^gh api repos/octo-org/nines/commits/${machine.sha} --jq `));
    expect([good.status, good.stdout]).toEqual([0, `the commit ${machine.sha} is signed\n`]);
    for (const verdict of ['false unsigned', 'false unknown_key', 'true expired_key', '', 'null null']) {
      const bad = machine.run('verify-commit', G, { SIGNATURE: verdict === '' ? ' ' : verdict });
      expect(bad.stderr).toContain(`of the signature of ${machine.sha}`);
      expect([verdict, bad.status]).toEqual([verdict, 2]);
    }
  });

  test('sbom lists the lock file and each image with what is in its bundle', () => {
    const { status, calls } = machine.run('sbom', '--local');
    const built = (name: string): string => `kind.local/nines-${name}:${machine.sha}`;
    expect(
      calls.filter((call) => /^(syft|node tools|docker run)/.test(call)).map((call) => call.replace(/ --print .*/, ' --print …')),
    ).toEqual([
      'node tools/scan/main.ts lock --out reports/lock.cdx.json',
      ...['api', 'worker'].flatMap((name) => [
        `syft scan docker:${built(name)} --quiet --output cyclonedx-json=reports/nines-${name}.image.json`,
        `docker run --rm --network none --read-only ${built(name)} --print …`,
        `node tools/scan/main.ts image --name nines-${name} --bill reports/nines-${name}.image.json --licences reports/nines-${name}.licenses.txt --out reports/nines-${name}.cdx.json`,
      ]),
    ]);
    expect(status).toBe(0);
  });

  test('scan reads all three, and its verdict is its exit status', () => {
    const reports = ['lock', 'nines-api', 'nines-worker'].map((name) => `reports/${name}.grype.json`).join(' ');
    const { status, calls } = machine.run('scan', '');
    expect(calls.at(-1)).toBe(`node tools/scan/main.ts verdict --exceptions deploy/scan-exceptions.yaml ${reports}`);
    expect(calls.filter((call) => call.startsWith('grype'))).toHaveLength(3);
    expect([
      status,
      machine.run('scan', '', { FAIL: 'verdict' }).status,
      machine.run('scan', '', { FAIL: 'grype .*worker' }).status,
    ]).toEqual([0, 1, 1]);
  });

  test('push-images writes down the digests for the job that deploys', () => {
    const output = join(machine.repository, '../output');
    machine.run('push-images', P, { GITHUB_OUTPUT: output });
    expect(readFileSync(output, 'utf8')).toBe(`api=${DIGEST}\nworker=${DIGEST}\n`);
  });

  test('push-images and sign-images ask nothing of Google for another registry', () => {
    expect(machine.run('push-images', '--registry ghcr.io/octo-org').calls.join('\n')).not.toContain('gcloud');
    expect(machine.run('sign-images', `--registry ghcr.io/octo-org ${G}`).calls.join('\n')).not.toContain('gcloud');
  });

  test('sign-images signs the digest and attests its contents, without a key', () => {
    const { status, changes } = machine.run('sign-images', `${P} ${G}`, { FAIL: 'cosign verify' });
    expect(changes).toEqual([
      'gcloud auth configure-docker asia-south1-docker.pkg.dev --quiet',
      ...['api', 'worker'].flatMap((name) => [
        `cosign sign --yes ${image(name)}`,
        `cosign attest --yes --type cyclonedx --predicate reports/nines-${name}.cdx.json ${image(name)}`,
      ]),
    ]);
    expect(status).toBe(0);
  });

  test('sign-images signs nothing twice, so that tags that never move stay so', () => {
    expect(machine.run('sign-images', `${P} ${G}`).changes.filter((call) => call.startsWith('cosign'))).toEqual([]);
  });

  test('sign-images vouches for nothing that somebody else has put under the tag', () => {
    const other = { FAIL: 'cosign verify', BUILT: '8' };
    const { status, stderr, changes } = machine.run('sign-images', `${P} ${G}`, other);
    expect(stderr).toContain(`the image ${image('api')} is under the tag, and this machine has not built it`);
    expect([status, changes.filter((call) => call.startsWith('cosign'))]).toEqual([2, []]);
  });

  test.each([
    ['cosign.key', 'cosign.pub'],
    ['keys/my.key.d/one.key', 'keys/my.key.d/one.pub'],
    // one name for both halves
    ['gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k', 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k'],
  ])('sign-images with %s looks at its own signature with %s, and neither is in a public log', (key, half) => {
    const { calls } = machine.run('sign-images', `--registry localhost:5000 --key ${key}`, { FAIL: 'cosign verify ' });
    const api = image('api', 'localhost:5000');
    expect(calls).toContain(`cosign verify --key ${half} --insecure-ignore-tlog ${api}`);
    expect(calls).toContain(`cosign sign --yes --key ${key} --signing-config deploy/scripts/cosign/no-log.json ${api}`);
  });

  test('only a signature by a key may be in no log', () => {
    for (const script of ['sign-images', 'verify-images']) {
      const { calls } = machine.run(script, `${P} ${G}`, { FAIL: 'cosign verify ' });
      expect(calls.join('\n')).not.toMatch(/ignore-tlog|signing-config/);
    }
  });

  test.each([
    ['localhost:5000', ' --insecure'],
    ['127.0.0.1:5000/nines', ' --insecure'],
    ['localhost.example.com/nines', ''],
    ['ghcr.io/octo-org', ''],
  ])('push-images looks into %s with docker manifest inspect%s', (registry, flag) => {
    const { calls } = machine.run('push-images', `--registry ${registry}`);
    expect(calls).toContain(`docker manifest inspect${flag} ${registry}/nines-api:${machine.sha}`);
  });

  test('verify-images takes only what a workflow of this repository signed on its main branch, for this commit', () => {
    const { status, calls, changes } = machine.run('verify-images', `${P} ${G}`);
    expect(calls.filter((call) => call.startsWith('cosign'))).toEqual(
      ['api', 'worker'].flatMap((name) => [
        `cosign verify ${byWorkflow} ${image(name)}`,
        `cosign verify-attestation --type cyclonedx ${byWorkflow} ${image(name)}`,
      ]),
    );
    expect([status, changes]).toEqual([0, ['gcloud auth configure-docker asia-south1-docker.pkg.dev --quiet']]);
  });

  test.each([
    'https://github.com/octo-org/nines/.github/workflows/deploy.yml@refs/heads/other',
    'https://github.com/octo-org/nines/.github/workflows/ci.yml@refs/heads/main',
    'https://github.com/octo-org/other/.github/workflows/deploy.yml@refs/heads/main',
    'https://github.com/octo-org/nines/.github/workflows/deploy.yml@refs/heads/main2',
    'https://githubxcom/octo-org/nines/.github/workflows/deploy.yml@refs/heads/main',
  ])('that pattern is not %s', (identity) => {
    expect(identity).not.toMatch(new RegExp(WORKFLOW));
    expect('https://github.com/octo-org/nines/.github/workflows/deploy.yml@refs/heads/main').toMatch(new RegExp(WORKFLOW));
  });

  test.each([
    ['unsigned', { FAIL: 'cosign verify .*worker' }, 'is not signed by who may sign'],
    ['attested by nobody', { FAIL: 'cosign verify-attestation' }, 'nobody attests what is in the image'],
    ['not the image that was pushed', { NINES_API_DIGEST: `sha256:${'8'.repeat(64)}` }, `and sha256:${'8'.repeat(64)} was pushed`],
    ['not in the registry', { FAIL: 'imagetools' }, 'is not in the registry'],
    ['one that the job before has lost', { NINES_WORKER_DIGEST: '' }, '"" is not the digest of nines-worker'],
  ])('verify-images refuses an image that is %s', (_, env, says) => {
    const { status, stderr } = machine.run('verify-images', `${P} ${G}`, env);
    expect(stderr).toContain(says);
    expect(status).toBe(2);
  });

  test('slo-gate asks Managed Prometheus, and its token is in no argument', () => {
    const { status, calls } = machine.run('slo-gate', P);
    expect(calls.at(-1)).toBe(
      'node --conditions=@nines/source tools/slo-gate/main.ts examples/gke-app/src/objectives.ts' +
        ' --prometheus https://monitoring.googleapis.com/v1/projects/nines-example-1/location/global/prometheus --watch 300',
    );
    expect(calls.join('\n')).not.toContain('a-token');
    expect([status, machine.run('slo-gate', P, { FAIL: 'slo-gate/main' }).status]).toEqual([0, 1]);
  });

  test.each([
    [
      'no bill',
      'sign-images',
      '--registry localhost:5000 --key cosign.key',
      'reports/nines-worker.cdx.json is not there',
      'reports/nines-worker.cdx.json',
    ],
    ['no bill', 'scan', '', 'reports/lock.cdx.json is not there', 'reports/lock.cdx.json'],
  ])('%s is refused by %s', (_, script, args, says, file) => {
    rmSync(join(machine.repository, file));
    const { status, stderr, changes } = machine.run(script, args);
    writeFileSync(join(machine.repository, file), '{}');
    expect(stderr).toContain(`${says}. Run this, then try again:\n  deploy/scripts/sbom`);
    expect([status, changes]).toEqual([2, []]);
  });
});

describe.skipIf(process.platform === 'win32')('a release to a registry of its own', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());
  const R = '--registry ghcr.io/Octo-Org/Nines';

  test('push-chart packages the chart with the images of the commit, and signs what it pushed', () => {
    const { status, stdin, calls } = machine.run('push-chart', `${R} ${G} --version 1.2.3`);
    const tail = calls.slice(-3).map((call) => call.replace(/ \/\S*\/(?=nines)/, ' …/').replace(/--destination \S+/, '--destination …'));
    expect(tail).toEqual([
      `helm package …/nines --version 1.2.3 --app-version ${machine.sha} --destination …`,
      'helm push …/nines-1.2.3.tgz oci://ghcr.io/octo-org/nines/charts',
      `cosign sign --yes ghcr.io/octo-org/nines/charts/nines@sha256:${'9'.padStart(64, '0')}`,
    ]);
    expect(stdin).toContain(`  registry: 'ghcr.io/octo-org/nines'\n`);
    expect(stdin).toContain(`  tag: '${machine.sha}'\n`);
    expect(stdin).toContain(`  digests:\n    api: '${DIGEST}'\n    worker: '${DIGEST}'\n`);
    expect(status).toBe(0);
  });

  test('push-chart takes the digests that were signed, and none that was lost', () => {
    const [api, worker] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
    const { stdin } = machine.run('push-chart', `${R} ${G} --version 1.2.3`, { NINES_API_DIGEST: api, NINES_WORKER_DIGEST: worker });
    expect(stdin).toContain(`  digests:\n    api: '${api}'\n    worker: '${worker}'\n`);
    const lost = machine.run('push-chart', `${R} ${G} --version 1.2.3`, { NINES_API_DIGEST: '', NINES_WORKER_DIGEST: worker });
    expect([lost.status, lost.changes]).toEqual([2, []]);
  });

  test('push-chart leaves a version alone that is there already', () => {
    expect(machine.run('push-chart', `${R} ${G} --version 1.2.3`, { TAKEN: 'yes' })).toMatchObject({ status: 0, changes: [] });
  });

  test('login-registry hands the token over by standard input', () => {
    const { calls, stdin } = machine.run('login-registry', R, { REGISTRY_USER: 'one', REGISTRY_TOKEN: 's3cret' });
    expect(calls.slice(-2).map((call) => call.split(' --')[0])).toEqual(['docker login ghcr.io', 'helm registry login ghcr.io']);
    expect([calls.join('\n').includes('s3cret'), stdin]).toEqual([false, 's3cret\ns3cret\n']);
  });

  test.each([
    ['push-chart', `${G} --version 1.2.3`, 'no registry is given'],
    ['push-chart', `${R} ${G} --version latest`, '"latest" is not a version'],
    ['push-chart', `${R} --version 1.2.3`, 'is not a repository as OWNER/NAME'],
    ['login-registry', R, 'REGISTRY_USER or REGISTRY_TOKEN is empty'],
    ['build-images', '--registry https://ghcr.io/x', 'is not a registry as HOST/PATH'],
  ])('%s %s is refused', (script, args, says) => {
    const { status, stderr, changes } = machine.run(script, args);
    expect(stderr).toContain(says);
    expect([status, changes]).toEqual([2, []]);
  });
});

const gpg = onPath('gpg');

/** Git and ssh-keygen themselves: no recorded answer could show that a signature holds. */
describe.skipIf(process.platform === 'win32')('verify-commit with the keys that may sign', () => {
  function signedCommit(): { machine: Machine; signers: string; stranger: string } {
    const machine = makeMachine();
    onTestFinished(() => machine.remove());
    const folder = mkdtempSync(join(tmpdir(), 'nines-keys-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const name of ['one', 'other']) run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)], folder);
    const identity = ['-c', 'user.name=one', '-c', 'user.email=one@example.com'];
    const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${join(folder, 'one')}`];
    run('git', [...identity, ...signing, 'commit', '--quiet', '--allow-empty', '--gpg-sign', '--message', 'two'], machine.repository);
    const line = (name: string): string => `one@example.com ${readFileSync(join(folder, `${name}.pub`), 'utf8').trim()}`;
    return { machine, signers: line('one'), stranger: line('other') };
  }

  function run(tool: string, args: readonly string[], cwd: string, env = process.env): void {
    const { status, stderr } = spawnSync(tool, args, { cwd, encoding: 'utf8', env });
    if (status !== 0) throw new Error(stderr);
  }

  test('a commit by one of them is taken, by a stranger or by nobody it is refused', () => {
    const { machine, signers, stranger } = signedCommit();
    expect(machine.run('verify-commit', '', { NINES_ALLOWED_SIGNERS: signers })).toMatchObject({ status: 0, calls: [] });
    expect(machine.run('verify-commit', '', { NINES_ALLOWED_SIGNERS: stranger })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not signed by one of NINES_ALLOWED_SIGNERS') as string,
    });
    const unsigned = machine.run('verify-commit', `--sha ${machine.sha}`, { NINES_ALLOWED_SIGNERS: signers });
    expect(unsigned).toMatchObject({ status: 2, stderr: expect.stringContaining(`the commit ${machine.sha} is not signed`) as string });
  });

  test.skipIf(gpg === undefined)('a commit that some OpenPGP key of this machine signed is refused, whatever Git says of it', () => {
    const { machine, signers } = signedCommit();
    const home = join(machine.repository, '../gpg');
    mkdirSync(home, { mode: 0o700 });
    symlinkSync(gpg!, join(machine.repository, '../ordinary/gpg'));
    onTestFinished(() => void spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']));
    const env = { ...process.env, GNUPGHOME: home };
    const stranger = 'stranger@example.com';
    run('gpg', ['--batch', '--passphrase', '', '--quick-generate-key', stranger, 'ed25519', 'sign', 'never'], home, env);
    const as = ['-c', 'user.name=stranger', '-c', `user.email=${stranger}`, '-c', 'gpg.format=openpgp'];
    run('git', [...as, 'commit', '--quiet', '--allow-empty', `--gpg-sign=${stranger}`, '--message', 'three'], machine.repository, env);
    run('git', ['verify-commit', 'HEAD'], machine.repository, env);
    expect(machine.run('verify-commit', '', { NINES_ALLOWED_SIGNERS: signers, GNUPGHOME: home })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not signed by one of NINES_ALLOWED_SIGNERS') as string,
    });
  });
});
