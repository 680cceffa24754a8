import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { findHelm } from '../../tools/deploy/helm.ts';
import { compare, K8S, renderVariant, VARIANTS } from '../../tools/deploy/render.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import type { CustomResources } from '../../tools/deploy/custom-resources.ts';

// Each starts compilers, kubectl or helm: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const helm = findHelm();
const hasKubectl = spawnSync('kubectl', ['kustomize', '--help']).status === 0;
const REGISTRY = 'asia-south1-docker.pkg.dev/my-project/sre-portfolio-repo';
const SHA = '0123456789abcdef0123456789abcdef01234567';
const scratch = mkdtempSync(join(tmpdir(), 'nines-kustomize-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A copy of deploy/k8s, as `deploy/image` leaves it. */
function shipped(): string {
  const copy = mkdtempSync(join(scratch, 'k8s-'));
  cpSync(K8S, copy, { recursive: true });
  const { status, stderr } = spawnSync(join(ROOT, 'deploy', 'image'), [REGISTRY, SHA], {
    encoding: 'utf8',
    env: { ...process.env, NINES_K8S: copy },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return copy;
}

function build(folder: string): Manifest[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return parseManifests(stdout);
}

const key = ({ apiVersion, kind, metadata }: Manifest) => `${apiVersion} ${kind} ${metadata.name}`;
const imagesOf = (manifests: readonly Manifest[]) =>
  manifests.flatMap((each) => podSpecOf(each)?.containers.map(({ image }) => image ?? '') ?? []).sort();

describe.each(VARIANTS)('deploy/k8s/$name', ({ name, options }) => {
  const folder = join(K8S, name);
  const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as CustomResources['Kustomization'];

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

  test.skipIf(!hasKubectl)('no image stays that says to set it, once deploy/image has written registry and commit', () => {
    expect(imagesOf(build(folder))).toContain('nines-api:run-deploy-image-first');
    expect(imagesOf(build(join(shipped(), name)))).toEqual([
      `${REGISTRY}/nines-api:${SHA}`,
      `${REGISTRY}/nines-worker:${SHA}`,
      expect.stringMatching(/^docker\.io\/library\/redis:\d+\.\d+\.\d+/),
    ]);
  });

  test.skipIf(helm === undefined)('rendering again keeps the images that deploy/image wrote, and changes nothing else', () => {
    const copy = join(shipped(), name);
    const kept = renderVariant(helm!, { name, options }, copy);
    expect(kept.get('kustomization.yaml')?.match(new RegExp(`newTag: ${SHA}`, 'g'))).toHaveLength(2);
    expect(compare(kept, copy)).toEqual([]);
  });
});
