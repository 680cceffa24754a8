import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';
import { startStorage, type Storage } from './terraform-storage.ts';

/**
 * deploy/scripts/infrastructure with Terraform itself and a bucket that answers as Google's does: the states really are made, moved and found.
 * The two roots keep their own blocks of terraform, and hold one resource that needs no cloud.
 */
const there = spawnSync('terraform', ['version'], { stdio: 'ignore' }).status === 0;
if (!there) console.warn('SKIPPED: no state is moved here, because terraform is not on PATH');

interface Clone {
  readonly folder: string;
  infrastructure(bucket: 'missing' | 'there'): Promise<{ status: number; output: string }>;
}

function clone(storage: Storage): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'nines-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'deploy/scripts'), join(folder, 'deploy/scripts'), { recursive: true });
  for (const root of ['bootstrap', 'main']) {
    mkdirSync(join(folder, 'deploy/terraform', root), { recursive: true });
    expect(readFileSync(join(ROOT, 'deploy/terraform', root, 'versions.tf'), 'utf8')).toContain('  backend "gcs" {}\n');
    writeFileSync(
      join(folder, 'deploy/terraform', root, 'main.tf'),
      `terraform {\n  backend "gcs" {}\n}\n\nresource "terraform_data" "${root}" {\n  input = "made once"\n}\n`,
    );
  }
  mkdirSync(join(folder, 'tools'));
  writeFileSync(join(folder, 'tools/gcloud'), `#!/bin/sh\ncase "$*" in *'buckets describe'*) [ "$BUCKET" = there ] ;; esac\n`);
  chmodSync(join(folder, 'tools/gcloud'), 0o755);
  return {
    folder,
    infrastructure: (bucket) =>
      new Promise((done) => {
        const env = {
          ...process.env,
          PATH: [join(folder, 'tools'), process.env['PATH']].join(delimiter),
          BUCKET: bucket,
          GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT: storage.url,
          GOOGLE_OAUTH_ACCESS_TOKEN: 'none',
          TF_CLI_ARGS_apply: '-auto-approve -no-color',
          TF_CLI_CONFIG_FILE: devNull,
          CHECKPOINT_DISABLE: '1',
        };
        const args = ['--project', 'nines-example-1', '--github', 'octo-org/nines'];
        execFile(join(folder, 'deploy/scripts/infrastructure'), args, { env, cwd: folder }, (error, stdout, stderr) =>
          done({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
        );
      }),
  };
}

describe.skipIf(!there || process.platform === 'win32')('the states of Terraform', () => {
  test('bootstrap starts in a file and ends in the bucket; a second run, and another machine, change nothing', async () => {
    const storage = await startStorage();
    onTestFinished(() => storage.close());
    const first = clone(storage);
    const made = await first.infrastructure('missing');
    expect(made.output.match(/Resources: 1 added, 0 changed, 0 destroyed/g)).toHaveLength(2);
    expect(made.status).toBe(0);
    const left = ['terraform.tfstate', 'terraform.tfstate.backup', 'backend_override.tf'].filter((file) =>
      existsSync(join(first.folder, 'deploy/terraform/bootstrap', file)),
    );
    expect(left).toEqual([]);
    expect([...storage.objects.keys()].toSorted()).toEqual(['bootstrap/default.tfstate', 'main/default.tfstate']);
    expect(storage.objects.get('bootstrap/default.tfstate')).toContain('made once');

    const before = [...storage.objects.values()];
    for (const machine of [first, clone(storage)]) {
      const again = await machine.infrastructure('there');
      expect(again.output.match(/Resources: 0 added, 0 changed, 0 destroyed/g)).toHaveLength(2);
      expect(again.status).toBe(0);
    }
    expect([...storage.objects.values()]).toEqual(before);
  }, 120_000);

  test('a bucket with a state that is locked by another run is left alone', async () => {
    const storage = await startStorage();
    onTestFinished(() => storage.close());
    const machine = clone(storage);
    await machine.infrastructure('missing');
    const before = storage.objects.get('main/default.tfstate');
    storage.objects.set('main/default.tflock', JSON.stringify({ ID: '1', Who: 'another run' }));
    const { status, output } = await machine.infrastructure('there');
    expect(output).toContain('Error acquiring the state lock');
    expect([status, storage.objects.get('main/default.tfstate')]).toEqual([1, before]);
  }, 120_000);
});
