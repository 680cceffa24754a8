import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** newest-base changes two files and makes a commit: with Git itself, and a registry whose newest digest is 7. */
const NEW = `sha256:${'7'.padStart(64, '0')}`;
const TITLE = 'Move the base images on to their newest digests';

function machineWithDockerfile(): Machine {
  const machine = makeMachine();
  onTestFinished(() => machine.remove());
  cpSync(join(ROOT, 'Dockerfile'), join(machine.repository, 'Dockerfile'));
  git(machine, 'add', '--all');
  git(
    machine,
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgsign=false',
    'commit',
    '--quiet',
    '--message',
    'two',
  );
  return machine;
}

function git({ repository }: Machine, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: repository, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const read = ({ repository }: Machine, file: string): string => readFileSync(join(repository, file), 'utf8');

describe.skipIf(process.platform === 'win32')('newest-base', () => {
  test('moves both digests on, in both files, by one commit that names nothing else', () => {
    const machine = machineWithDockerfile();
    const output = join(machine.repository, '../output');
    const { status, stderr } = machine.run('newest-base', '', { GITHUB_OUTPUT: output });
    expect([status, stderr]).toEqual([0, '']);
    const before = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    expect(read(machine, 'Dockerfile')).toBe(before.replaceAll(/@sha256:[0-9a-f]{64}/g, `@${NEW}`));
    expect(read(machine, 'deploy/scripts/kind/receiver.yaml')).toContain(`node:24.21.0-trixie-slim@${NEW}\n`);
    expect(git(machine, 'log', '-1', '--format=%s', '--name-only').trim().split('\n')).toEqual([
      TITLE,
      '',
      'Dockerfile',
      'deploy/scripts/kind/receiver.yaml',
    ]);
    const bases = /^changed=true\nbases=(.+)\n$/.exec(readFileSync(output, 'utf8'))?.[1] ?? '';
    expect(bases.split(' ')).toEqual([
      expect.stringMatching(new RegExp(`^docker\\.io/library/node:.+@${NEW}$`)),
      expect.stringMatching(new RegExp(`^gcr\\.io/distroless/.+@${NEW}$`)),
    ]);

    const again = machine.run('newest-base', '', { NEWEST_BASES: bases });
    expect([again.status, again.stdout]).toEqual([0, `changed: false\n${bases}\n`]);
  });

  test.each([
    ['a registry that does not answer', { FAIL: 'imagetools.*distroless' }, 'the registry does not answer for gcr.io/distroless/'],
    ['bases that nobody scanned', { NEWEST_BASES: 'other' }, 'the newest bases are others than those that were scanned'],
  ])('commits nothing of %s', (_, env, says) => {
    const machine = machineWithDockerfile();
    const head = git(machine, 'rev-parse', 'HEAD');
    const { status, stderr } = machine.run('newest-base', '', env);
    expect(stderr).toContain(says);
    expect([status, git(machine, 'rev-parse', 'HEAD')]).toEqual([2, head]);
  });

  test('touches nothing where there are changes already', () => {
    const machine = machineWithDockerfile();
    writeFileSync(join(machine.repository, 'new.txt'), '');
    expect(machine.run('newest-base', '')).toMatchObject({ status: 2, stderr: expect.stringContaining('in no commit') as string });
  });

  test('propose-base proposes only such a commit', () => {
    const machine = machineWithDockerfile();
    expect(machine.run('propose-base', '--github octo-org/nines')).toMatchObject({
      status: 2,
      changes: [],
      stderr: expect.stringContaining('is not one of newest-base') as string,
    });
  });
});
