import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { ensureRedis, RedisUnavailable } from './ensure.ts';
import type { RedisProbes } from './find.ts';

const bare: RedisProbes = {
  url: undefined,
  platform: 'linux',
  root: false,
  terminal: false,
  has: () => false,
  dockerAnswers: async () => false,
  confirm: async () => false,
};

test('ensureRedis reaches the server of REDIS_URL and leaves it running', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const url = `redis://:secret@127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redis = await ensureRedis({ probes: { ...bare, url } });
  expect(redis).toMatchObject({ url, how: 'url', pid: undefined });
  await redis.stop();
  expect(server.listening).toBe(true);
});

test('ensureRedis says that REDIS_URL does not answer, without its password', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const refused = ensureRedis({ probes: { ...bare, url: `redis://:secret@127.0.0.1:${port}` } });
  await expect(refused).rejects.toThrow(`REDIS_URL points to 127.0.0.1:${port}, which does not answer`);
  await expect(refused).rejects.not.toThrow('secret');
});

test('ensureRedis refuses a REDIS_URL that is no address', async () => {
  await expect(ensureRedis({ probes: { ...bare, url: 'localhost:6379' } })).rejects.toThrow('REDIS_URL is not an address');
});

test('ensureRedis carries the one command when there is no Redis', async () => {
  const refused = ensureRedis({ probes: { ...bare, platform: 'darwin' } });
  await expect(refused).rejects.toBeInstanceOf(RedisUnavailable);
  await expect(refused).rejects.toMatchObject({ command: 'brew install redis' });
});
