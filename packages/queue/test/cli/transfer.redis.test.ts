import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { cli, json } from './process.ts';
import { makeQueue } from './queue.ts';

const folder = mkdtempSync(join(tmpdir(), 'nines-queue-'));
let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});
afterAll(() => {
  redis.disconnect();
  rmSync(folder, { recursive: true, force: true });
});

test('export to a file, purge, import: all is there again; a second import adds nothing', async () => {
  const { name, kill, inspector } = await makeQueue(redis, { partitions: 2 });
  await kill('a', 'b', 'c');
  const file = join(folder, `${name}.jsonl`);
  expect(await cli('export', '--queue', name, '--out', file)).toEqual({ code: 0, out: '', err: `3 dead letters written to ${file}\n` });
  const piped = await cli('export', '--queue', name, 'error=TypeError');
  expect(piped).toMatchObject({ code: 0, err: '1 dead letter written\n' });
  expect(json(piped.out)).toMatchObject({ v: 1, id: 'b', payload: 'payload of b', reason: 'attempts-exhausted' });
  expect(json((await cli('purge', '--queue', name, '--all', '--yes', '--json')).out)).toEqual({
    purged: 3,
    skipped: 0,
    left: 0,
    ended: 'complete',
  });
  expect(json((await cli('import', file, '--queue', name, '--json')).out)).toEqual({
    added: 3,
    existing: 0,
    conflictingIds: [],
    refusedIds: [],
  });
  expect(await cli('import', file, '--queue', name)).toMatchObject({
    code: 0,
    out: 'ADDED\tTHERE ALREADY\tTHERE WITH ANOTHER BODY\tNO ROOM\n0\t3\t0\t0\n',
  });
  expect(await inspector.counts()).toMatchObject({ dead: 3 });
  const full = await makeQueue(redis);
  expect(await cli('import', file, '--queue', full.name, '--other-queue', '--max-dead', '2')).toMatchObject({
    code: 1,
    err: expect.stringContaining('was not added: there is no room') as string,
  });
  expect((await full.inspector.counts()).dead).toBe(2);
  expect(readdirSync(folder).filter((entry) => entry.startsWith('.'))).toEqual([]);
});

test('a file with a bad line is refused whole, with file and line; a file that is not there too', async () => {
  const { name, kill, inspector } = await makeQueue(redis);
  await kill('a', 'b');
  const file = join(folder, `${name}.jsonl`);
  await cli('export', '--queue', name, '--out', file);
  await inspector.purgeAll();
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"v":1,"id":"c"}\n`);
  expect(await cli('import', file, '--queue', name)).toMatchObject({
    code: 2,
    out: '',
    err: `INVALID_LINE: ${file}, line 3: namespace must be a text, got undefined\n`,
  });
  expect((await inspector.counts()).dead).toBe(0);
  expect(await cli('import', join(folder, 'nowhere'), '--queue', name)).toMatchObject({
    code: 2,
    err: expect.stringContaining('ENOENT') as string,
  });
  expect(await cli('export', '--queue', name, '--out', join(folder, 'no', 'folder'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be written') as string,
  });
});

test('an import makes a queue only when it is told its partitions', async () => {
  const { name, kill } = await makeQueue(redis);
  await kill('a');
  const { out } = await cli('export', '--queue', name);
  const file = join(folder, `${name}.jsonl`);
  writeFileSync(file, out);
  const fresh = `${name}-fresh`;
  expect(await cli('import', file, '--queue', fresh, '--other-queue')).toMatchObject({
    code: 3,
    err: expect.stringContaining('--partitions N makes it') as string,
  });
  expect(json((await cli('import', file, '--queue', fresh, '--other-queue', '--partitions', '4', '--json')).out)).toMatchObject({
    added: 1,
  });
  expect(json((await cli('stats', '--queue', fresh, '--json')).out)).toMatchObject({ dead: 1, partitions: 4 });
});
