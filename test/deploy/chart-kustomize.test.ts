import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { K8S, VARIANTS } from '../../tools/deploy/render.ts';
import type { IKustomization } from '../../tools/deploy/custom-resources.ts';

const hasKubectl = spawnSync('kubectl', ['kustomize', '--help']).status === 0;
const REGISTRY = 'asia-south1-docker.pkg.dev/my-project/sre-portfolio-repo';
const SHA = '0123456789abcdef0123456789abcdef01234567';
const scratch = mkdtempSync(join(tmpdir(), 'nines-kustomize-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function build(folder: string): Manifest[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return parseManifests(stdout);
}

const key = ({ apiVersion, kind, metadata }: Manifest) => `${apiVersion} ${kind} ${metadata.name}`;
const imagesOf = (manifests: readonly Manifest[]) =>
  manifests.flatMap((each) => podSpecOf(each)?.containers.map(({ image }) => image) ?? []).sort();

describe.each(VARIANTS)('deploy/k8s/$name', ({ name }) => {
  const folder = join(K8S, name);
  const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as IKustomization;

  test('the kustomization lists every file, the namespace first, and both images', () => {
    expect([...kustomization.resources].sort()).toEqual([...files].sort());
    expect(kustomization.resources[0]).toBe('namespace.yaml');
    expect(kustomization.images.map((image) => image.name)).toEqual(['nines-api', 'nines-worker']);
  });

  // Without kubectl nothing can be built: skipped and counted.
  test.skipIf(!hasKubectl)('builds to exactly the objects of its files', () => {
    const read = files.flatMap((file) => parseManifests(readFileSync(join(folder, file), 'utf8')));
    expect(build(folder).map(key).sort()).toEqual(read.map(key).sort());
  });

  test.skipIf(!hasKubectl)('no image stays that says to set it, once the kustomization names registry and commit', () => {
    const copy = join(scratch, name);
    cpSync(folder, copy, { recursive: true });
    const target = join(copy, 'kustomization.yaml');
    const text = readFileSync(target, 'utf8').replaceAll(/newName: .*\b(nines-\w+)$/gm, `newName: ${REGISTRY}/$1`);
    writeFileSync(target, text.replaceAll(/newTag: .*/g, `newTag: ${SHA}`));
    expect(imagesOf(build(copy))).toEqual([
      `${REGISTRY}/nines-api:${SHA}`,
      `${REGISTRY}/nines-worker:${SHA}`,
      expect.stringMatching(/^docker\.io\/library\/redis:\d+\.\d+\.\d+/),
    ]);
  });
});
