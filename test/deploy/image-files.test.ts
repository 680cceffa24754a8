import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIdentity } from '../../tools/identity/identity.ts';
import { listPackages, ROOT } from '../../tools/workspace/packages.ts';

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const lines = dockerfile.split('\n');

test('the Dockerfile pins both bases by digest, and builds on nothing else', () => {
  expect(lines.filter((line) => line.startsWith('FROM '))).toEqual([
    'FROM ${BUILD_IMAGE} AS build',
    'FROM ${BASE_IMAGE} AS service',
    'FROM service AS api',
    'FROM service AS worker',
  ]);
  for (const name of ['BUILD_IMAGE', 'BASE_IMAGE'])
    expect(dockerfile).toMatch(new RegExp(`^ARG ${name}=\\S+:\\S+@sha256:[\\da-f]{64}$`, 'm'));
});

test('the Dockerfile installs with the manifest of each workspace: npm ci refuses a lock file that has more', () => {
  const manifests = [...listPackages().map(({ short }) => `packages/${short}`), 'examples/gke-app'];
  for (const folder of manifests) expect(lines).toContain(`COPY ${folder}/package.json ${folder}/`);
});

test('the Dockerfile names the repository, and never runs as root', () => {
  expect(lines).toContain(`ARG SOURCE=${readIdentity(ROOT).repository}`);
  expect(lines.filter((line) => line.startsWith('USER '))).toEqual(['USER 1000:1000']);
});
