import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const before = `# kept
resources:
  - a.yaml # newTag: kept
images:
  - name: nines-api
    newName: nines-api
    newTag: run-deploy-image-first
  - name: redis
    newName: mirror/redis
    newTag: 7.4.6
  - name: nines-worker
    newTag: run-deploy-image-first
    newName: nines-worker
labels:
  - name: nines-api
    newName: kept
`;
const after = before
  .replace('newName: nines-api', 'newName: registry.example:5000/team/nines-api')
  .replace('newName: nines-worker', 'newName: registry.example:5000/team/nines-worker')
  .replaceAll('run-deploy-image-first', SHA);

interface Folder {
  readonly path: string;
  readonly read: (overlay: 'base' | 'gke') => string;
}

function folder(base: string, gke: string | undefined): Folder {
  const path = mkdtempSync(join(tmpdir(), 'nines-k8s-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ base, gke })) {
    mkdirSync(join(path, name));
    if (text !== undefined) writeFileSync(join(path, name, 'kustomization.yaml'), text);
  }
  return { path, read: (overlay) => readFileSync(join(path, overlay, 'kustomization.yaml'), 'utf8') };
}

function image(path: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'deploy/image'), args, {
    env: { ...process.env, NINES_K8S: path },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe.skipIf(process.platform === 'win32')('deploy/image', () => {
  test('writes registry and commit of our two images into both kustomizations, and nothing else', () => {
    const { path, read } = folder(before, before);
    expect(image(path, 'registry.example:5000/team/', SHA)).toMatchObject({ status: 0, stderr: '' });
    expect(read('base')).toBe(after);
    expect(read('gke')).toBe(after);
    expect(readdirSync(join(path, 'base'))).toEqual(['kustomization.yaml']);
  });

  test('writes again what was written before', () => {
    const { path, read } = folder(before, before);
    image(path, 'registry.example/one', SHA.replaceAll('0', 'f'));
    image(path, 'registry.example:5000/team', SHA);
    expect(read('gke')).toBe(after);
  });

  test.each(['latest', SHA.slice(1), `${SHA}0`, SHA.toUpperCase(), ''])(
    'refuses the tag "%s" in one sentence with the command that mends it',
    (tag) => {
      const { path, read } = folder(before, before);
      expect(image(path, 'registry.example/team', tag)).toEqual({
        status: 2,
        stdout: '',
        stderr:
          `deploy/image: the image tag must be a commit's SHA of 40 hexadecimal digits, got "${tag}". Run this, then try again:\n` +
          '  deploy/image registry.example/team "$(git rev-parse HEAD)"\n',
      });
      expect(read('base')).toBe(before);
    },
  );

  test.each(['', 'https://registry.example', 'a b', 'a&b', 'Registry'])('refuses the registry "%s"', (registry) => {
    const { path, read } = folder(before, before);
    expect(image(path, registry, SHA)).toMatchObject({ status: 2, stderr: expect.stringContaining(`got "${registry}"`) as string });
    expect(read('base')).toBe(before);
  });

  test.each([
    ['is missing', undefined],
    ['lacks newName and newTag', before.replace('name: nines-worker', 'name: other')],
  ])('writes neither file when the second %s', (message, gke) => {
    const { path, read } = folder(before, gke);
    expect(image(path, 'registry.example/team', SHA)).toMatchObject({ status: 1, stderr: expect.stringContaining(message) as string });
    expect(read('base')).toBe(before);
    expect(readdirSync(join(path, 'base'))).toEqual(['kustomization.yaml']);
  });

  test('has help, and shows it when used wrongly', () => {
    const help = image('', '--help');
    expect(help).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: deploy\/image REGISTRY SHA\n/) as string });
    expect(image('', 'registry.example')).toEqual({ status: 2, stdout: '', stderr: help.stdout });
  });

  test('both kustomizations of the repository have what it writes', () => {
    const read = (overlay: string) => readFileSync(join(ROOT, 'deploy/k8s', overlay, 'kustomization.yaml'), 'utf8');
    const copy = folder(read('base'), read('gke'));
    expect(image(copy.path, 'registry.example', SHA)).toMatchObject({ status: 0 });
    for (const overlay of ['base', 'gke'] as const) {
      expect(copy.read(overlay)).not.toMatch(/newTag: (?![\da-f]{40}$)/m);
      expect(copy.read(overlay).match(/^ +newName: registry\.example\/nines-(api|worker)$/gm)).toHaveLength(2);
    }
  });
});
