import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureRedis } from './ensure.ts';
import type { RedisProbes } from './find.ts';
import { onPath } from './machine.ts';

const server = onPath('redis-server') ?? onPath('valkey-server');

/** A machine as bare as a fresh container: root, no terminal, and an apt-get of our own first on PATH. */
function bareMachine(aptGet: string): { probes: RedisProbes; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nines-apt-'));
  writeFileSync(join(folder, 'apt-get'), `#!/bin/sh\n${aptGet}\n`);
  chmodSync(join(folder, 'apt-get'), 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}${delimiter}${path ?? ''}`;
  onTestFinished(() => {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true, force: true });
  });
  const probes: RedisProbes = {
    url: undefined,
    platform: 'linux',
    root: true,
    terminal: false,
    has: (program) => program === 'apt-get',
    dockerAnswers: async () => false,
    confirm: async () => false,
  };
  return { probes, folder };
}

test.skipIf(server === undefined)('ensureRedis installs by apt, says so in one line, and starts what was installed', async () => {
  const { probes, folder } = bareMachine(
    `echo "$@" >> "$(dirname "$0")/asked"; case "$*" in *install*) ln -s ${server ?? ''} "$(dirname "$0")/redis-server";; esac`,
  );
  const said: string[] = [];
  const redis = await ensureRedis({ probes, say: (line) => said.push(line) });
  onTestFinished(() => redis.stop('SIGKILL'));
  expect(said).toEqual(['Redis is not installed: installing it with apt-get']);
  expect(redis).toMatchObject({ how: 'install', url: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:\d+$/) });
  expect(onPath('redis-server')).toBe(join(folder, 'redis-server'));
});

test('ensureRedis names the command when the installation fails', async () => {
  const { probes } = bareMachine('exit 100');
  await expect(ensureRedis({ probes, say: () => {} })).rejects.toMatchObject({
    name: 'RedisUnavailable',
    command: expect.stringMatching(/^apt-get .*update$/),
  });
});
