import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** The scripts of infra.yml and of the first set-up: what they ask of Terraform, in which order, and what they refuse. */
const P = '--project nines-example-1';
const G = '--github octo-org/nines';
const BUCKET = '-backend-config=bucket=nines-example-1-terraform-state';
const BOOTSTRAP = 'terraform -chdir=deploy/terraform/bootstrap';
const MAIN = 'terraform -chdir=deploy/terraform/main';
const INIT_MAIN = `${MAIN} init -input=false -reconfigure ${BUCKET} -backend-config=prefix=main`;
const SCOPE = 'COLLECTION_AND_INSTRUMENTATION_COMPONENTS';
const MANAGED_OTEL = `gcloud container clusters update sre-platform --location asia-south1 --project nines-example-1 --managed-otel-scope=${SCOPE} --quiet`;
const INIT_REMOTE = `${BOOTSTRAP} init -input=false -reconfigure ${BUCKET} -backend-config=prefix=bootstrap`;

/** Two plans that do the same, and one that does more. */
const change = (actions: string[], address: string, after: unknown) => ({
  address,
  change: { actions, before: null, after, after_unknown: {} },
});
const PLAN = JSON.stringify({
  resource_changes: [change(['no-op'], 'a.b', 1), change(['create'], 'google_dns_managed_zone.this[0]', { secret: 's3cret' })],
});
const OTHER = JSON.stringify({ resource_changes: [change(['delete', 'create'], 'google_container_cluster.this', {})] });

describe.skipIf(process.platform === 'win32')('infrastructure', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());
  const inBootstrap = (file: string): string => join(machine.repository, 'deploy/terraform/bootstrap', file);
  const changesOf = (json: string): string =>
    /^changes: (\w+)$/m.exec(machine.run('infrastructure-plan', `${P} ${G}`, { PLAN_JSON: json }).stdout)?.[1] ?? '';

  test('makes the bucket with a state in a file, moves that into the bucket, and then makes the rest', () => {
    const { status, changes } = machine.run('infrastructure', `${P} ${G}`, { FAIL: 'buckets describe' });
    expect(changes).toEqual([
      `${BOOTSTRAP} init -input=false -reconfigure`,
      `${BOOTSTRAP} apply`,
      `${BOOTSTRAP} init -input=false -migrate-state -force-copy ${BUCKET} -backend-config=prefix=bootstrap`,
      INIT_MAIN,
      `${MAIN} apply`,
      MANAGED_OTEL,
    ]);
    expect(status).toBe(0);
    expect(['backend_override.tf', 'terraform.tfstate'].filter((file) => existsSync(inBootstrap(file)))).toEqual([]);
  });

  test('finds the bucket and the state the second time, and on any other machine', () => {
    const { status, changes } = machine.run('infrastructure', `${P} ${G}`, { OTEL_SCOPE: SCOPE });
    expect(changes).toEqual([INIT_REMOTE, `${BOOTSTRAP} apply`, INIT_MAIN, `${MAIN} apply`]);
    expect(status).toBe(0);
  });

  test('binds the number of the repository: of the job, of GitHub, or none where nobody says it', () => {
    const job = { GITHUB_REPOSITORY: 'octo-org/nines', GITHUB_REPOSITORY_ID: '42' };
    const bound = (env: Readonly<Record<string, string>>): string => machine.run('infrastructure-plan', `${P} ${G}`, env).stdin;
    expect([bound(job), bound({ ...job, GITHUB_REPOSITORY: 'octo-org/other' })]).toEqual(['repository 42', 'repository 4711']);
    expect([bound({ FAIL: '^gh api' }), bound({ NUMBER: '{"message":"Not Found"}' })]).toEqual(Array(2).fill('repository by its name'));
    expect(machine.run('infrastructure-plan', `${P} ${G}`, { FAIL: '^gh api' })).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('its name alone is let in') as string,
    });
  });

  test('leaves a bucket alone that it did not make', () => {
    const { changes } = machine.run('infrastructure', `${P} ${G}`, { FAIL: 'state list', OTEL_SCOPE: SCOPE });
    expect(changes).toEqual([INIT_REMOTE, INIT_MAIN, `${MAIN} apply`]);
  });

  test('says so, and no more, where the cluster or gcloud is too old for a collector of Google', () => {
    const { status, stderr } = machine.run('infrastructure', `${P} ${G}`, { FAIL: 'managed-otel-scope' });
    expect(stderr).toContain('deploy/scripts/upgrade installs a collector of the chart instead');
    expect(status).toBe(0);
  });

  test('keeps the state in its file when it did not arrive in the bucket', () => {
    const { status, stderr, changes } = machine.run('infrastructure', `${P} ${G}`, { FAIL: 'buckets describe|state list' });
    expect(stderr).toContain('did not arrive in gs://nines-example-1-terraform-state');
    expect([status, changes.at(-1)?.includes('-migrate-state'), existsSync(inBootstrap('terraform.tfstate'))]).toEqual([2, true, true]);
    rmSync(inBootstrap('terraform.tfstate'));
  });

  test('goes on where it stopped between making the bucket and moving the state', () => {
    const first = machine.run('infrastructure', `${P} ${G}`, { FAIL: 'buckets describe|migrate-state' });
    expect([first.status, existsSync(inBootstrap('terraform.tfstate')), existsSync(inBootstrap('backend_override.tf'))]).toEqual([
      1,
      true,
      false,
    ]);
    const second = machine.run('infrastructure', `${P} ${G}`);
    expect(second.changes[0]).toContain('-migrate-state');
    expect([second.status, existsSync(inBootstrap('terraform.tfstate'))]).toEqual([0, false]);
  });

  test('makes the project too where a folder is named, and needs who pays', () => {
    expect(
      machine.run('infrastructure', `${P} ${G} --folder 123456 --billing-account 012345-6789AB-CDEF01`, { FAIL: 'projects describe' })
        .status,
    ).toBe(0);
    const refused = machine.run('infrastructure', `${P} ${G} --folder 123456`);
    expect(refused.stderr).toContain('a new project needs a billing account');
    expect([refused.status, refused.changes]).toEqual([2, []]);
  });

  test('infrastructure-plan says whether, what and which, locks nothing, and leaves no plan behind', () => {
    const output = join(machine.repository, '../output');
    const { status, stdout, calls } = machine.run('infrastructure-plan', `${P} ${G}`, { PLAN_JSON: PLAN, GITHUB_OUTPUT: output });
    expect(calls.filter((call) => call.startsWith('terraform'))).toEqual([
      INIT_MAIN,
      `${MAIN} plan -input=false -no-color -detailed-exitcode -out=tfplan -lock=false`,
      `${MAIN} show -json tfplan`,
    ]);
    expect(stdout).toMatch(/^changed: true\nchanges: [0-9a-f]{64}\ncreate google_dns_managed_zone\.this\[0\]\n/m);
    expect(readFileSync(output, 'utf8')).toMatch(
      /^changed=true\nchanges=[0-9a-f]{64}\nsummary=create google_dns_managed_zone\.this\[0\]\n$/,
    );
    // A value may be a password: it goes into the hash, and nowhere else.
    expect(stdout + readFileSync(output, 'utf8')).not.toContain('s3cret');
    expect(status).toBe(0);
  });

  test('infrastructure-plan is not alarmed where nothing changes, and fails where Terraform does', () => {
    const nothing = machine.run('infrastructure-plan', `${P} ${G}`, { PLANNED: '0', PLAN_JSON: '{"resource_changes":[]}' });
    expect([nothing.status, nothing.stdout]).toEqual([0, expect.stringMatching(/^changed: false$/m)]);
    expect(machine.run('infrastructure-plan', `${P} ${G}`, { PLANNED: '1' }).status).toBe(1);
  });

  test('infrastructure-apply applies the plan that was approved, and no other', () => {
    const approved = changesOf(PLAN);
    expect(approved).not.toBe(changesOf(OTHER));
    const done = machine.run('infrastructure-apply', `${P} ${G} --changes ${approved}`, { PLAN_JSON: PLAN });
    expect([done.status, done.changes.at(-1)]).toEqual([0, `${MAIN} apply -input=false tfplan`]);
    const other = machine.run('infrastructure-apply', `${P} ${G}`, { PLAN_JSON: OTHER, PLANNED_CHANGES: approved });
    expect(other.stderr).toContain('what would be changed now is not what was approved');
    expect([other.status, other.changes]).toEqual([2, [INIT_MAIN]]);
  });

  test('infrastructure-apply applies nothing when there is nothing left to do', () => {
    const approved = changesOf('null');
    expect(machine.run('infrastructure-apply', `${P} ${G} --changes ${approved}`, { PLANNED: '0' })).toMatchObject({
      status: 0,
      changes: [INIT_MAIN],
    });
  });

  test.each(['', '--changes abc', `--changes ${'g'.repeat(64)}`])(
    'infrastructure-apply %s is refused without the hash of a plan',
    (given) => {
      const { status, stderr, changes } = machine.run('infrastructure-apply', `${P} ${G} ${given}`);
      expect(stderr).toContain('is not the hash of a plan');
      expect([status, changes]).toEqual([2, []]);
    },
  );

  test('open-issue adds to the issue of the same title, and opens one where there is none', () => {
    const env = {
      ISSUE_TITLE: 'drift',
      ISSUE_BODY: 'create a; delete b',
      ISSUES: '[{"number":6,"title":"drift again"},{"number":7,"title":"drift"}]',
    };
    expect(machine.run('open-issue', G, env).changes.at(-1)).toBe('gh issue comment 7 --repo octo-org/nines --body-file -');
    const fresh = machine.run('open-issue', G, { ...env, ISSUES: '[]' });
    expect([fresh.changes.at(-1), fresh.stdin]).toEqual([
      'gh issue create --repo octo-org/nines --title drift --body-file -',
      'create a; delete b\n',
    ]);
    expect(machine.run('open-issue', G)).toMatchObject({ status: 2, stderr: expect.stringContaining('ISSUE_TITLE is empty') as string });
  });
});

test('the two roots keep their states under two names in one bucket', () => {
  const versions = ['bootstrap', 'main'].map((root) => readFileSync(join(ROOT, `deploy/terraform/${root}/versions.tf`), 'utf8'));
  for (const [index, prefix] of ['bootstrap', 'main'].entries())
    expect(versions[index]).toMatch(new RegExp(`prefix=${prefix}\\n  backend "gcs" \\{\\}`));
});
