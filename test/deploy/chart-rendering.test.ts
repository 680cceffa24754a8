import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { findHelm } from '../../tools/deploy/helm.ts';
import { compare, K8S, renderVariant, VARIANTS } from '../../tools/deploy/render.ts';

// Each starts compilers, kubectl or helm: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const helm = findHelm();
const scratch = mkdtempSync(join(tmpdir(), 'nines-render-'));
afterAll(() => rmSync(scratch, { recursive: true }));

// Without helm and without Go nothing can be rendered: these are skipped and counted.
describe.skipIf(helm === undefined).each(VARIANTS)('deploy/k8s/$name', (variant) => {
  const files = () => renderVariant(helm!, variant);

  test('is what the chart renders', () => {
    expect(compare(files(), join(K8S, variant.name))).toEqual([]);
  });

  test('renders the same twice', () => {
    expect([...files()]).toEqual([...files()]);
  });

  test('a changed, a missing and a strange file are each named, with the line', () => {
    const folder = join(scratch, variant.name);
    cpSync(join(K8S, variant.name), folder, { recursive: true });
    const changed = join(folder, 'worker.deployment.yaml');
    const text = readFileSync(changed, 'utf8');
    writeFileSync(changed, text.replace('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'));
    rmSync(join(folder, 'default-deny.networkpolicy.yaml'));
    writeFileSync(join(folder, 'strange.yaml'), '');
    const line = text.split('\n').findIndex((each) => each.includes('readOnlyRootFilesystem')) + 1;
    expect(compare(files(), folder)).toEqual([
      { file: 'strange.yaml', line: 1, message: 'is not rendered by the chart' },
      { file: 'default-deny.networkpolicy.yaml', line: 1, message: 'is missing' },
      { file: 'worker.deployment.yaml', line, message: expect.stringContaining('the chart says') as string },
    ]);
  });
});
