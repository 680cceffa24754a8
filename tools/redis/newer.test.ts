import { mkdtempSync, rmSync, writeFileSync, chmodSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newerServers } from './newer.ts';

/** A PATH of its own, with programs that print what they are told to. */
function machine(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nines-newer-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const path = process.env['PATH'];
  process.env['PATH'] = `${bin}${delimiter}/bin`;
  onTestFinished(() => {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const both = { 'redis-server': 'echo "Redis server v=8.4.0 sha=0"', 'valkey-server': 'echo "Valkey server v=9.0.1 sha=0"' };

test.skipIf(process.platform === 'win32')('newerServers takes what is on PATH when it is new enough, and fetches nothing', async () => {
  const folder = machine({ ...both, 'apt-get': 'exit 1' });
  const { servers, reason } = await newerServers(folder);
  expect(servers.map(({ product, version }) => `${product} ${version}`)).toEqual(['Valkey 9.0.1', 'Redis 8.4.0']);
  expect(reason).toBe('');
});

test.skipIf(process.platform === 'win32')('newerServers says what is missing and why, and offers the rest', async () => {
  const folder = machine({ ...both, 'redis-server': 'echo "Redis server v=7.0.15 sha=0"', 'apt-get': 'echo no network >&2; exit 100' });
  const { servers, reason } = await newerServers(folder);
  expect(servers.map(({ product }) => product)).toEqual(['Valkey']);
  expect(reason).toMatch(/^no Redis 8: /);
});
