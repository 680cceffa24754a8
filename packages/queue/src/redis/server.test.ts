import { expect, test } from 'vitest';
import { defineQueue } from '../define.ts';
import { runDurably, waitOf } from './durability.ts';
import { queueKeys } from './keys.ts';
import { enqueue } from './scripts.gen.ts';
import { checkServer } from './server.ts';

const options = defineQueue({ name: 'orders', durability: 'fsync' }).options;
const fields = (version: string, aof: string) =>
  new Map([
    ['redis_version', version],
    ['aof_enabled', aof],
  ]);

test.each([
  ['7.0.15', '1', 'Redis 7.0.15 has no WAITAOF; it needs Redis 7.2 or Valkey'],
  ['6.2.0', '1', 'Redis 6.2.0 has no WAITAOF; it needs Redis 7.2 or Valkey'],
  ['7.2.0', '0', 'Redis keeps no append-only file: set appendonly yes'],
])('durability fsync on Redis %s with aof_enabled %s is refused', (version, aof, why) => {
  expect(() => checkServer(options, fields(version, aof))).toThrow(`queue orders has durability fsync, but ${why}`);
});

test('durability fsync is refused when INFO may not be read', () => {
  expect(() => checkServer(options, undefined)).toThrow('INFO cannot be read');
});

test.each(['7.2.0', '8.0.1', '10.0.0'])('durability fsync on Redis %s with an append-only file is taken', (version) => {
  expect(checkServer(options, fields(version, '1'))).toEqual([]);
});

test('durability fsync waits by WAITAOF behind the script, and counts the local acknowledgement', async () => {
  const sent: string[] = [];
  const pipeline = {
    callBuffer: (name: string) => sent.push(name),
    call: (name: string, args: readonly unknown[]) => sent.push([name, ...args].join(' ')),
    exec: () =>
      Promise.resolve([
        [null, 'reply'],
        [null, [1, 0]],
      ]),
  };
  const wait = waitOf(options)!;
  const client = { pipeline: () => pipeline } as never;
  const answer = await runDurably({ client, queue: options, script: enqueue, keys: queueKeys(options), args: [], wait, touch: false });
  expect(answer).toEqual({ reply: 'reply', undurable: undefined });
  expect(sent).toEqual(['EVALSHA', 'WAITAOF 1 0 1000']);
});
