import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from './start.ts';
import { ensureRedis } from './ensure.ts';
import { machineProbes, onPath } from './machine.ts';

const program = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined);

async function reply(port: number, command: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.write(`${command}\r\n`);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return chunk.toString();
}

test.skipIf(program === undefined)('startRedis answers, restarts on the same port with its data, and is gone after stop', async () => {
  const redis = await startRedis({ program: program ?? '', args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  onTestFinished(() => redis.stop('SIGKILL'));
  expect(await reply(redis.port, 'SET kept 1')).toBe('+OK\r\n');
  const before = redis.pid;
  await redis.restart('SIGKILL');
  expect(redis.pid).not.toBe(before);
  expect(await reply(redis.port, 'GET kept')).toBe('$1\r\n1\r\n');
  await redis.stop();
  await expect(reply(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED');
});

test.skipIf(program === undefined)('startRedis says why a server did not start', async () => {
  await expect(startRedis({ program: program ?? '', args: ['--no-such-option', '1'] })).rejects.toThrow(/before it was ready/);
});

test.skipIf(program === undefined || process.platform === 'win32')('a killed process takes its Redis with it', async () => {
  const script = `import { startRedis } from ${JSON.stringify(new URL('start.ts', import.meta.url).href)};
    const redis = await startRedis({ program: ${JSON.stringify(program)} });
    console.log(redis.port);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const held = connect({ host: '127.0.0.1', port });
  held.on('error', () => {});
  await once(held, 'connect');
  const closed = once(held, 'close');
  child.kill('SIGKILL');
  await closed;
  await expect(reply(port, 'PING')).rejects.toThrow(/ECONN/);
});

test.skipIf(program === undefined)('ensureRedis starts the server found on PATH with the arguments given', async () => {
  const redis = await ensureRedis({ probes: { ...machineProbes(), url: undefined }, args: ['--maxmemory', '8mb'] });
  onTestFinished(() => redis.stop('SIGKILL'));
  expect(redis.how).toBe('program');
  expect(await reply(Number(new URL(redis.url).port), 'CONFIG GET maxmemory')).toContain('8388608');
});
