import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { billOf, bundledPackages, lockedPackages } from './bill.ts';

interface Bill {
  readonly bomFormat: string;
  readonly components: readonly { readonly purl: string }[];
}
const purls = (bill: string): string[] => (JSON.parse(bill) as Bill).components.map(({ purl }) => purl);
const LOCK = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
const LICENCES = `${'='.repeat(80)}\n@opentelemetry/api@1.10.0 (Apache-2.0)\n\ntext\n${'='.repeat(80)}\nioredis@6.0.0 (MIT)\n\nnot@1.0.0 (MIT)\n`;
const IMAGE = JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  components: [{ purl: 'pkg:deb/debian/libc6@2.41' }, { purl: 'pkg:npm/ioredis@6.0.0' }],
});

test('the lock file gives what the example depends on, and no tool of development', () => {
  const names = new Set(lockedPackages(LOCK).map(({ name }) => name));
  for (const name of ['fastify', 'ioredis', 'pino', '@opentelemetry/sdk-node', 'p-retry']) expect(names).toContain(name);
  for (const name of ['bullmq', 'typedoc', '@nines/queue', 'gke-app']) expect(names).not.toContain(name);
});

test('nested copies, links, development and packages by another name are told apart', () => {
  const packages = {
    '': { version: '0.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/a/node_modules/@s/b': { version: '2.0.0' },
    'node_modules/c': { version: '3.0.0', dev: true },
    'node_modules/d': { link: true, version: '4.0.0' },
    'node_modules/e': { name: '@s/another', version: '5.0.0' },
  };
  expect(lockedPackages(JSON.stringify({ packages }))).toEqual([
    { name: 'a', version: '1.0.0' },
    { name: '@s/b', version: '2.0.0' },
    { name: '@s/another', version: '5.0.0' },
  ]);
});

test('a bundle is made of what its licences name, and of nothing that a licence only mentions', () => {
  expect(bundledPackages(LICENCES)).toEqual([
    { name: '@opentelemetry/api', version: '1.10.0' },
    { name: 'ioredis', version: '6.0.0' },
  ]);
});

test('the bill of an image keeps what is there, adds what is missing, and escapes a scope', () => {
  expect(purls(billOf('nines-api', bundledPackages(LICENCES), IMAGE))).toEqual([
    'pkg:deb/debian/libc6@2.41',
    'pkg:npm/ioredis@6.0.0',
    'pkg:npm/%40opentelemetry/api@1.10.0',
  ]);
});

test('the same packages in another order give the same bytes', () => {
  const packages = bundledPackages(LICENCES);
  expect(billOf('x', packages.toReversed())).toBe(billOf('x', packages));
});

test.each([
  ['no package', () => billOf('nines-api', []), 'no package of npm was found for nines-api'],
  ['an image of nothing', () => billOf('nines-api', bundledPackages(LICENCES), '{"bomFormat":"CycloneDX"}'), 'lists nothing of the image'],
  ['another format', () => billOf('nines-api', bundledPackages(LICENCES), '{"spdxVersion":"2.3"}'), 'is not CycloneDX'],
])('%s is refused: a scan of nothing finds nothing', (_, make, says) => {
  expect(make).toThrow(says);
});
