import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { onPath } from '../../../../tools/redis/machine.ts';
import { program, start } from './process.ts';
import { makeQueue } from './queue.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

// util-linux's script(1) gives the process a terminal; that of macOS takes other arguments.
describe.skipIf(process.platform !== 'linux' || onPath('script') === undefined)('on a terminal of 60 columns', () => {
  const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const onTerminal = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    start(args, env, ['script', '-qec', `stty cols 60; exec ${program(args).map(quoted).join(' ')}`, '/dev/null']);

  test('tables are in line and no wider, and colours are shown unless NO_COLOR says otherwise', async () => {
    const { name, kill, inspector } = await makeQueue(redis);
    await kill('a', 'b');
    await inspector.pause();
    const { out } = await onTerminal(['dead', '--queue', name]).ended;
    const [head = '', first = ''] = out.split('\r\n');
    const dim = head.split('\u001B[2m').join('').split('\u001B[0m').join('');
    expect(head).toBe(`\u001B[2m${dim}\u001B[0m`);
    expect(dim).toMatch(/^ID {2}ENQUEUED {2,}ENDED OR DUE .*…$/);
    expect(first).toMatch(/^a {3}20.*…$/);
    expect(first).toHaveLength(60);
    const paused = '\u001B[33m, paused\u001B[0m';
    expect((await onTerminal(['stats', '--queue', name]).ended).out).toContain(paused);
    expect((await onTerminal(['stats', '--queue', name], { NO_COLOR: '1' }).ended).out).not.toContain('\u001B');
    expect((await start(['stats', '--queue', name], { FORCE_COLOR: '1' }).ended).out).toContain(paused);
    expect((await start(['stats', '--queue', name]).ended).out).not.toContain('\u001B');
  });

  test.each([
    ['n', 1, 2],
    ['', 1, 2],
    ['yes', 0, 0],
  ])('a purge asks, and the answer %j ends it with %i and leaves %i', async (answer, code, left) => {
    const { name, kill, inspector } = await makeQueue(redis);
    await kill('a', 'b');
    const running = onTerminal(['purge', '--queue', name, '--all']);
    await running.printed('for good? [y/N] ');
    running.type(`${answer}\r`);
    const ended = await running.ended;
    expect(ended.code).toBe(code);
    expect(ended.out).toContain(`purge 2 dead letters of ${name} (namespace default, 127.0.0.1:`);
    expect(ended.out.includes('nothing was done')).toBe(code === 1);
    expect((await inspector.counts()).dead).toBe(left);
  });

  test('a question is ended by Ctrl-C, and nothing is done', async () => {
    const { name, kill, inspector } = await makeQueue(redis);
    await kill('a', 'b');
    const running = onTerminal(['redrive', '--queue', name, '--all']);
    await running.printed('? [y/N] ');
    running.type('\u0003');
    expect(await running.ended).toMatchObject({ code: 1, out: expect.stringContaining('nothing was done') as string });
    expect((await inspector.counts()).dead).toBe(2);
  });
});
