import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../tools/workspace/packages.ts';

/** What tools/workflows checks of every workflow (pins, permissions, injection) is not repeated here: this is what deploying needs besides. */
const deploy = readFileSync(join(ROOT, '.github/workflows/deploy.yml'), 'utf8');
const kind = readFileSync(join(ROOT, '.github/workflows/kind.yml'), 'utf8');

/** Each command of a workflow, in order. */
function commands(text: string): string[] {
  return [...text.matchAll(/^( *)(?:- )?run: (?:\|\n((?:\1 {2,}.+\n)+)|(.+)$)/gm)].flatMap(([, , block, line]) =>
    (block ?? line ?? '').split('\n').flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
  );
}

function job(text: string, name: string): string {
  return new RegExp(`^ {2}${name}:\\n(?: {4}.*\\n|\\n)+`, 'm').exec(text)?.[0] ?? '';
}

test('deploy.yml takes its steps in this order, by scripts of the repository', () => {
  const install = 'npm ci --ignore-scripts';
  const scripts = (names: string): string[] => names.split(' ').map((name) => `deploy/scripts/${name}`);
  expect(commands(deploy)).toEqual([
    ...scripts('verify-commit'),
    '.ci/run',
    install,
    ...scripts('build-images sbom scan push-images sign-images'),
    install,
    ...scripts('verify-images connect upgrade'),
    'deploy/verify',
    ...scripts('slo-gate'),
    'deploy/verify --project "$GCP_PROJECT_ID"',
    ...scripts('rollback'),
  ]);
  for (const [name, before] of [
    ['test', 'commit'],
    ['build', 'test'],
    ['deploy', 'build'],
  ])
    expect(job(deploy, name ?? '')).toContain(`needs: ${before}\n`);
});

test('what is deployed is compared with what was pushed', () => {
  expect(job(deploy, 'build')).toContain('      api: ${{ steps.push.outputs.api }}\n      worker: ${{ steps.push.outputs.worker }}\n');
  expect(job(deploy, 'deploy')).toContain('NINES_API_DIGEST: ${{ needs.build.outputs.api }}\n');
  expect(job(deploy, 'deploy')).toContain('NINES_WORKER_DIGEST: ${{ needs.build.outputs.worker }}\n');
});

test('a release that does not deliver, or that burns the budget, goes back', () => {
  expect(job(deploy, 'deploy')).toContain(
    "if: failure() && (steps.verify.outcome == 'failure' || steps.gate.outcome == 'failure')\n        run: deploy/scripts/rollback\n",
  );
});

test('every step of what deploys is a script of the repository, and is there', () => {
  const all = ['deploy', 'infra', 'image', 'release'].flatMap((name) =>
    commands(readFileSync(join(ROOT, `.github/workflows/${name}.yml`), 'utf8')),
  );
  const scripts = all.filter((command) => /^(deploy|\.ci)\//.test(command));
  // npm runs what package.json names; the one line that is neither asks npm how old it is.
  expect(all.filter((command) => !scripts.includes(command) && !/^npm (ci|run|test)\b/.test(command))).toEqual([
    expect.stringMatching(/^test "\$\(printf '11\.5\.1/),
  ]);
  for (const script of scripts) expect(() => accessSync(join(ROOT, script.split(' ')[0] ?? ''), constants.X_OK)).not.toThrow();
});

test('image.yml scans what is there, tries the newest bases, and proposes only what it scanned', () => {
  const image = readFileSync(join(ROOT, '.github/workflows/image.yml'), 'utf8');
  const build = ['build-images --local', 'sbom --local', 'scan'].map((name) => `deploy/scripts/${name}`);
  expect(commands(job(image, 'scan'))).toEqual(['npm ci --ignore-scripts', ...build]);
  expect(commands(job(image, 'newest'))).toEqual(['npm ci --ignore-scripts', 'deploy/scripts/newest-base', ...build]);
  expect(commands(job(image, 'propose'))).toEqual(['deploy/scripts/newest-base', 'deploy/scripts/propose-base']);
  expect(job(image, 'propose')).toContain('needs: newest\n');
  expect(job(image, 'propose')).toContain('NEWEST_BASES: ${{ needs.newest.outputs.bases }}\n');
  expect(image).toMatch(/^ {4}- cron: '\d+ \d+ \* \* [0-6]'$/m);
});

describe.skipIf(process.platform === 'win32')('ci.yml tries each supported Node.js with each supported store', () => {
  const file = readFileSync(join(ROOT, '.ci/store'), 'utf8');
  const ci = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8');

  test('Redis 6.2, 7 and 8 and Valkey, each pinned by the hash of its source or Ubuntu’s own', () => {
    expect(job(ci, 'node')).toMatch(
      / {8}node: \[22\.\S+, 24\.\S+, 26\.\S+\]\n(?: +#.*\n)? {8}store: \[redis-6\.2\.\d+, redis-7\.4\.\d+, redis-8\.\S+, valkey-server\]\n/,
    );
    const stores = (/store: \[(.+)\]/.exec(ci)?.[1] ?? '').split(', ');
    const pinned = [...file.matchAll(/^ {2}(redis-[\d.]+)\) sha256=[\da-f]{64} ;;$/gm)].map(([, name]) => name);
    expect(stores).toEqual([...pinned, 'valkey-server']);
    expect(file).toContain(`#   .ci/store ${stores.join(' | ')}\n`);
  });

  test('a store that is none of them is refused', () => {
    const { status, stderr } = spawnSync(join(ROOT, '.ci/store'), ['memcached'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^\.ci\/store: "memcached" is none of redis-6\.2\.\d+, .+, valkey-server\n$/),
    ]);
  });

  test.skipIf(process.platform !== 'linux')('a source with another hash is not built', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nines-store-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const name = /redis-6\.2\.\d+/.exec(file)?.[0] ?? '';
    writeFileSync(join(folder, `${name}.tar.gz`), 'not what was released');
    const { status, stderr, stdout } = spawnSync(join(ROOT, '.ci/store'), [name], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], NINES_REDIS_RELEASES: `file://${folder}` },
    });
    expect([status, stderr + stdout]).toEqual([1, expect.stringMatching(/did NOT match/)]);
  });
});

test('release.yml publishes packages first, and then images and chart, scanned and signed', () => {
  const release = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8');
  const scripts = 'build-images sbom scan login-registry push-images sign-images push-chart'
    .split(' ')
    .map((name) => `deploy/scripts/${name}`);
  expect(commands(job(release, 'oci'))).toEqual(['npm ci --ignore-scripts', ...scripts]);
  expect(job(release, 'oci')).toContain('needs: publish\n');
  // A commit that nobody signed gets no signatures of ours.
  expect(commands(job(release, 'gate'))[0]).toBe('deploy/scripts/verify-commit');
  expect(job(release, 'publish')).toContain('needs: [mode, gate]\n');
});

test('updates come in groups, and none that is younger than a week', () => {
  const { updates } = parse(readFileSync(join(ROOT, '.github/dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; cooldown: { 'default-days': number }; groups: object; schedule: { interval: string } }[];
  };
  expect(updates.map((one) => one['package-ecosystem'])).toEqual(['github-actions', 'npm', 'terraform']);
  for (const { cooldown, groups, schedule } of updates)
    expect([cooldown['default-days'] >= 7, Object.keys(groups).length > 0, schedule.interval]).toEqual([true, true, 'weekly']);
});

test('kind.yml tries the chart, both kustomizations, and the chart under its own admission, each from the same start and each verified', () => {
  const tried = [
    ['scripts/upgrade --local', 'verify', 'scripts/test-release'],
    ['scripts/apply --overlay base --local', 'verify'],
    ['scripts/apply --overlay gke --local', 'verify'],
    ['scripts/admission --local', 'scripts/upgrade --local', 'verify'],
  ];
  expect(commands(job(kind, 'kind')).filter((command) => command.startsWith('deploy/'))).toEqual([
    'deploy/scripts/build-images --local',
    'deploy/scripts/kind-load',
    ...tried.flatMap((scripts) => [
      'deploy/scripts/kind-prepare',
      ...scripts.map((script) => `deploy/${script}`),
      'deploy/scripts/kind-remove',
    ]),
  ]);
});

test.each([...new Set([...commands(deploy), ...commands(kind)].filter((command) => /^(deploy|\.ci)\//.test(command)))])(
  '%s is there',
  (command) => {
    const path = join(ROOT, command.split(' ')[0] ?? '');
    expect(() => accessSync(path, constants.X_OK)).not.toThrow();
  },
);

test('the identity is for the two jobs that need it, and there is no key', () => {
  expect(['commit', 'test', 'build', 'deploy'].map((name) => job(deploy, name).includes('id-token: write'))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(deploy + kind).not.toMatch(/secrets\.|credentials_json/);
  expect(kind).not.toContain('id-token');
});

test('an image is built and scanned before the credentials are there', () => {
  const build = job(deploy, 'build');
  const steps = ['deploy/scripts/build-images', 'deploy/scripts/scan', 'google-github-actions/auth@'].map((step) => build.indexOf(step));
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(steps).not.toContain(-1);
});

test('one deployment runs at a time, and none is stopped half-way', () => {
  expect(deploy).toMatch(/^concurrency:\n {2}group: deploy\n {2}cancel-in-progress: false$/m);
  expect(job(deploy, 'deploy')).toContain('environment: production\n');
  expect(job(deploy, 'build')).toContain('environment: images\n');
});

test('Helm is of the version that knows --atomic, the same in both', () => {
  const versions = [deploy, kind].map((text) => /azure\/setup-helm@.*\n +with:\n(?: +#.*\n)? +version: (\S+)/.exec(text)?.[1]);
  expect(versions).toEqual(['v3.19.4', 'v3.19.4']);
  expect(readFileSync(join(ROOT, 'deploy/scripts/lib.sh'), 'utf8') + readFileSync(join(ROOT, 'deploy/scripts/upgrade'), 'utf8')).toContain(
    'v3.19.4',
  );
});

test('the variables that deploy.yml reads are those that deploy/terraform gives', () => {
  const read = new Set([...deploy.matchAll(/vars\.(\w+)/g)].map(([, name]) => name));
  const outputs = readFileSync(join(ROOT, 'deploy/terraform/main/outputs.tf'), 'utf8');
  const given = new Set([...outputs.slice(outputs.indexOf('"github_variables"')).matchAll(/^ {4}(\w+) +=/gm)].map(([, name]) => name));
  // Which keys may sign commits, and which values are one's own, is for people to say, and not for Terraform.
  expect([...read].filter((name) => !given.has(name))).toEqual(['NINES_ALLOWED_SIGNERS', 'NINES_VALUES']);
});

test('kind uses the receiver image that the Dockerfile builds with', () => {
  const image = /BUILD_IMAGE=(\S+)/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1];
  expect(readFileSync(join(ROOT, 'deploy/scripts/kind/receiver.yaml'), 'utf8')).toContain(`image: ${image}\n`);
});
