import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createProducer, defineQueue } from '@nines/queue';
import { cli, json, start } from './process.ts';
import { makeQueue } from './queue.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => redis.disconnect());

test('a Redis that is not there is 1, and no password is told', async () => {
  const { code, out, err } = await cli('stats', '--queue', 'x', '--redis', 'redis://user:geheim@127.0.0.1:1');
  expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringContaining('REDIS_UNAVAILABLE') as string });
  expect(err).not.toMatch(/geheim|user/);
});

test('a queue that is not there is 3, and looking at it does not make it', async () => {
  for (const command of ['stats', 'pause', 'export']) {
    expect(await cli(command, '--queue', 'nowhere')).toMatchObject({
      code: 3,
      err: expect.stringContaining('there is no queue nowhere in namespace default at 127.0.0.1') as string,
    });
  }
  expect(await redis.keys('*:nowhere:*')).toEqual([]);
});

test('stats, pause and resume, as text with tabs and as JSON; the partitions are read from Redis', async () => {
  const { name, kill } = await makeQueue(redis, { partitions: 3 });
  await kill('a', 'b');
  const stats = await cli('stats', '--queue', name);
  expect(stats).toMatchObject({ code: 0, err: '', out: expect.stringContaining('\ndead\t2\n') as string });
  expect(stats.out).toContain(`${name} (namespace default, 127.0.0.1:`);
  expect(await cli('pause', '--queue', name, '--json')).toMatchObject({ code: 0, out: '{"paused":true}\n' });
  expect(json((await cli('stats', '--queue', name, '--json')).out)).toMatchObject({ dead: 2, waiting: 0, paused: true, partitions: 3 });
  expect((await cli('resume', '--queue', name)).out).toContain('is not paused');
  expect(await cli('stats', '--queue', name, '--partitions', '2')).toMatchObject({
    code: 2,
    err: expect.stringContaining('PARTITIONS_MISMATCH') as string,
  });
});

test('get and dead show what is known of a job, and its payload only when told to', async () => {
  const { name, kill } = await makeQueue(redis);
  await kill('a', 'b');
  const shown = await cli('get', 'a', '--queue', name);
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toMatch(/^id {8}a\nstate {5}dead\n/);
  expect(shown.out).toContain('error     DeadLetterError: gone\\u001b[2J\n');
  expect(shown.out).not.toContain('payload');
  expect((await cli('get', 'a', '--queue', name, '--payload')).out).toContain('payload   "payload of a"\n');
  expect(json((await cli('get', 'b', '--queue', name, '--json')).out)).not.toHaveProperty('payload');
  expect(json((await cli('get', 'b', '--queue', name, '--json', '--payload')).out)).toMatchObject({
    id: 'b',
    state: 'dead',
    deadReason: 'attempts-exhausted',
    payload: 'payload of b',
  });
  expect(await cli('get', 'no-such-job', '--queue', name)).toMatchObject({ code: 3, out: '' });
  const table = await cli('dead', '--queue', name);
  expect(table.out.split('\n').map((line) => line.split('\t')[0])).toEqual(['ID', 'a', 'b', '']);
  expect(table.out).not.toContain('\u001B');
  expect(json((await cli('dead', '--queue', name, 'error=TypeError', 'after=2020-01-01', '--json')).out)).toMatchObject([
    { id: 'b', lastError: 'TypeError: no function' },
  ]);
  expect(await cli('dead', '--queue', name, '--limit', '1')).toMatchObject({
    code: 0,
    err: 'only the first 1 are shown; --limit shows more\n',
  });
});

test('peek lists waiting jobs; a payload that a codec made is base64 with a note', async () => {
  const codec = { encode: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff), decode: (bytes: Uint8Array) => bytes };
  const { name } = await makeQueue(redis, { codec });
  await using producer = createProducer(defineQueue<string>({ name, codec }), { redis });
  await producer.enqueue('x', { id: 'a' });
  const base64 = Buffer.from(Buffer.from('"x"').map((byte) => byte ^ 0xff)).toString('base64');
  expect((await cli('peek', '--queue', name)).out).toMatch(/^ID\t.*\na\t[^\n]*\n$/);
  expect((await cli('peek', '--queue', name, '--payload')).out).toContain(`\t${base64} (not JSON, so the queue has a codec`);
  expect(json((await cli('peek', '--queue', name, '--payload', '--json')).out)).toMatchObject([
    { id: 'a', state: 'waiting', payloadBase64: base64 },
  ]);
});

test('redrive by filter with a rate, by id, and dry', async () => {
  const { name, kill, inspector } = await makeQueue(redis);
  await kill('a', 'b', 'c', 'd', 'e');
  expect(await cli('redrive', '--queue', name, '--all', '--dry-run')).toMatchObject({
    code: 0,
    out: expect.stringContaining('would redrive 5 dead letters of') as string,
  });
  const some = await cli('redrive', '--queue', name, 'reason=rejected', '--limit', '2', '--rate', '1000', '--yes', '--json');
  expect(json(some.out)).toEqual({ redriven: 2, skipped: 1, left: 3, ended: 'limit' });
  expect(await cli('redrive', '--queue', name, '--id', 'b', '--id', 'nobody')).toMatchObject({
    code: 3,
    out: 'b redriven\n',
    err: expect.stringContaining('nobody is no dead letter') as string,
  });
  expect(await cli('redrive', '--queue', name, '--all', '--yes')).toMatchObject({
    code: 0,
    out: 'REDRIVEN\tSKIPPED\tLEFT\n2\t0\t0\n',
    err: '',
  });
  expect(await inspector.counts()).toMatchObject({ waiting: 5, dead: 0 });
});

test('redrive is killed in the middle: each job is a dead letter or waits, and the same command goes on', async () => {
  const { name, kill, inspector } = await makeQueue(redis);
  await kill('a', 'b', 'c');
  const running = start(['redrive', '--queue', name, '--all', '--yes', '--rate', '0.01']);
  while ((await inspector.counts()).waiting < 1) await new Promise<void>((resolve) => setImmediate(resolve));
  running.signal('SIGKILL');
  expect(await running.ended).toMatchObject({ code: null, out: '' });
  expect(await inspector.counts()).toMatchObject({ waiting: 1, dead: 2 });
  expect((await cli('redrive', '--queue', name, '--all', '--yes')).out).toBe('REDRIVEN\tSKIPPED\tLEFT\n2\t0\t0\n');
  expect((await inspector.list('waiting')).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('redrive is stopped by SIGINT between two steps, says how far it got with 1, and the same command goes on', async () => {
  const { name, kill, inspector } = await makeQueue(redis);
  await kill('a', 'b', 'c');
  const running = start(['redrive', '--queue', name, '--all', '--yes', '--rate', '0.01', '--json']);
  while ((await inspector.counts()).waiting < 1) await new Promise<void>((resolve) => setImmediate(resolve));
  running.signal('SIGINT');
  const { code, out, err } = await running.ended;
  expect({ code, result: json(out) }).toEqual({ code: 1, result: { redriven: 1, skipped: 0, left: 2, ended: 'aborted' } });
  expect(err).toContain('stopped before the end; the same command goes on');
  expect(json((await cli('redrive', '--queue', name, '--all', '--yes', '--json')).out)).toMatchObject({ redriven: 2, left: 0 });
});

test('tail tells counts and new dead letters as JSON lines, those that were there before not, and ends at SIGINT with 0', async () => {
  const { name, kill } = await makeQueue(redis);
  await kill('old');
  const running = start(['tail', '--queue', name, '--json']);
  await running.printed('"dead":1');
  await kill('new');
  await running.printed('"id":"new"');
  running.signal('SIGINT');
  const { code, out } = await running.ended;
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => json(line) as { readonly type: string; readonly id?: string });
  expect({ code, dead: lines.filter(({ type }) => type === 'dead').map(({ id }) => id) }).toEqual({ code: 0, dead: ['new'] });
  expect(await cli('tail', '--queue', name, '--looks', '1')).toMatchObject({
    code: 0,
    out: 'waiting 0, delayed 0, active 0, completed 0, dead 2\n',
  });
});
