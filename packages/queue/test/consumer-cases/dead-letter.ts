import { expect, test } from 'vitest';
import { createInspector, DeadLetterError, defineQueue, type DeadLetterPage, type Inspector } from '@nines/queue';
import { calls, uniqueName, type Bench, type MakeBench } from './bench.ts';

const names = (count: number) => Array.from({ length: count }, (_, n) => `job-${String(n).padStart(2, '0')}`);

/** Enqueues jobs that all die: those with an even number are rejected, the others use up their attempts. */
async function killed(bench: Bench<string>, ids: readonly string[]): Promise<void> {
  const consumer = await bench.consume(({ payload }) => {
    throw Number(payload.slice(-1)) % 2 === 0 ? new DeadLetterError('gone') : new TypeError('no function');
  });
  const before = (await bench.inspector.counts()).dead;
  for (const id of ids) await bench.producer.enqueue(id, { id });
  while ((await bench.inspector.counts()).dead < before + ids.length) await new Promise<void>((resolve) => setImmediate(resolve));
  await consumer.stop();
}

async function linesOf(inspector: Inspector<string>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of inspector.exportDead()) lines.push(line);
  return lines;
}

export function deadLetterCases(bench: MakeBench): void {
  test.each([1, 4])('dead letters are listed with a filter, page by page, and counted (partitions: %i)', async (partitions) => {
    const made = bench({ partitions, maxAttempts: 1 });
    const { inspector } = made;
    await killed(made, names(20));
    const filter = { errorName: 'TypeError' };
    const found: string[] = [];
    let page: DeadLetterPage<string> | undefined;
    do {
      page = await inspector.deadLetters({ filter, limit: 3, ...(page?.next === undefined ? {} : { after: page.next }) });
      expect(page.jobs.length).toBeLessThanOrEqual(3);
      for (const { id, payload, state, deadReason, lastError } of page.jobs) {
        expect({ payload, state, deadReason, lastError }).toEqual({
          payload: id,
          state: 'dead',
          deadReason: 'attempts-exhausted',
          lastError: 'TypeError: no function',
        });
        found.push(id);
      }
    } while (page.next !== undefined);
    expect(page.nowMs).toBeGreaterThan(0);
    expect(found.toSorted()).toEqual(names(20).filter((_, n) => n % 2 === 1));
    expect(await inspector.countDead({ filter })).toBe(10);
    expect(await inspector.countDead()).toBe(20);
  });

  test('dead letters of all partitions are redriven and purged in bulk, with a filter', async () => {
    const made = bench({ partitions: 4, maxAttempts: 1 });
    const { inspector, consume } = made;
    await killed(made, names(20));
    expect(await inspector.redriveAll({ filter: { reason: 'rejected' } })).toEqual({ taken: 10, skipped: 10, left: 10, ended: 'complete' });
    const { handler, all } = calls<string>(10);
    const consumer = await consume(handler);
    expect((await all).map(({ id }) => id).toSorted()).toEqual(names(20).filter((_, n) => n % 2 === 0));
    await consumer.stop();
    expect(await inspector.purgeAll({ limit: 3 })).toEqual({ taken: 3, skipped: 0, left: 7, ended: 'limit' });
    expect(await inspector.purgeAll()).toEqual({ taken: 7, skipped: 0, left: 0, ended: 'complete' });
  });

  test('dead letters that were exported and purged are imported, redriven and done; an import is idempotent', async () => {
    const made = bench({ partitions: 2, maxAttempts: 1 });
    const { inspector, consume } = made;
    await killed(made, names(9));
    const before = (await inspector.deadLetters()).jobs;
    const lines = await linesOf(inspector);
    await inspector.purgeAll();
    expect(await inspector.importDead(() => lines)).toEqual({ added: 9, existing: 0, conflictingIds: [], refusedIds: [] });
    expect(await inspector.importDead(() => [...lines, ''])).toEqual({ added: 0, existing: 9, conflictingIds: [], refusedIds: [] });
    const after = (await inspector.deadLetters()).jobs;
    const comparable = (jobs: typeof before) => jobs.map(({ atMs: _atMs, ...job }) => job).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(comparable(after)).toEqual(comparable(before));
    await inspector.redriveAll();
    expect(await inspector.importDead(() => lines)).toMatchObject({ added: 0, existing: 9 });
    const { handler, all } = calls<string>(9);
    const consumer = await consume(handler);
    expect((await all).map(({ payload, id }) => payload === id).every(Boolean)).toBe(true);
    await consumer.stop();
  });

  test('a dead letter that is exported, imported and redriven has its class or its group still', async () => {
    const made = bench({ partitions: 4, maxAttempts: 1 });
    const { inspector, producer } = made;
    const consumer = await made.consume(() => {
      throw new DeadLetterError('no');
    });
    for (const at of ['1', '2', '3']) await producer.enqueue(at, { groupId: 'group' });
    const { id } = await producer.enqueue('high', { priority: 8 });
    while ((await inspector.counts()).dead < 4) await new Promise<void>((resolve) => setImmediate(resolve));
    await consumer.stop();
    const lines = await linesOf(inspector);
    await inspector.purgeAll();
    expect(await inspector.importDead(() => lines)).toMatchObject({ added: 4 });
    expect(await inspector.importDead(() => lines)).toMatchObject({ added: 0, existing: 4 });
    await inspector.redriveAll();
    const waiting = await inspector.list('waiting');
    const grouped = waiting.filter(({ groupId }) => groupId === 'group');
    expect(new Set(grouped.map(({ payload }) => payload))).toEqual(new Set(['1', '2', '3']));
    expect(await inspector.get(id)).toMatchObject({ state: 'waiting', priority: 8 });
  });

  test('a line that was corrected is imported as corrected, and one whose job is there with another body is left alone', async () => {
    const made = bench({ maxAttempts: 1 });
    const { inspector, consume } = made;
    await killed(made, ['job-1', 'job-2']);
    const lines = (await linesOf(inspector)).map((line) => line.replace('"payload":"job-', '"payload":"mended-'));
    await inspector.purge({ ids: ['job-1'] });
    expect(await inspector.importDead(() => lines)).toEqual({ added: 1, existing: 0, conflictingIds: ['job-2'], refusedIds: [] });
    await inspector.redriveAll();
    const { handler, all } = calls<string>(2);
    const consumer = await consume(handler);
    expect((await all).map(({ payload }) => payload).toSorted()).toEqual(['job-2', 'mended-1']);
    await consumer.stop();
  });

  test('what a codec made travels as base64, and is what it was', async () => {
    const codec = {
      encode: (json: Uint8Array) => json.map((byte) => byte ^ 0xff),
      decode: (stored: Uint8Array) => stored.map((byte) => byte ^ 0xff),
    };
    const made = bench({ maxAttempts: 1, codec });
    const { inspector } = made;
    await killed(made, ['secret-1']);
    const [line = ''] = await linesOf(inspector);
    expect(JSON.parse(line)).toMatchObject({
      v: 1,
      id: 'secret-1',
      bodyBase64: Buffer.from(Buffer.from('"secret-1"').map((byte) => byte ^ 0xff)).toString('base64'),
    });
    expect(line).not.toContain('payload');
    await inspector.purgeAll();
    await inspector.importDead(() => [line]);
    expect((await inspector.get('secret-1'))?.payload).toBe('secret-1');
  });

  test('an import with a bad line adds nothing and names the line', async () => {
    const made = bench({ maxAttempts: 1 });
    const { inspector } = made;
    await killed(made, ['job-1', 'job-2']);
    const lines = await linesOf(inspector);
    await inspector.purgeAll();
    const bad = [...lines, '', '{"v":1'];
    await expect(inspector.importDead(() => bad, { source: 'dead.jsonl' })).rejects.toMatchObject({
      code: 'INVALID_LINE',
      message: 'dead.jsonl, line 4: a JSON object is expected',
    });
    expect(await inspector.counts()).toMatchObject({ dead: 0, waiting: 0 });
  });

  test('an import refuses what the queue would not keep, and lines of another queue unless that is meant', async () => {
    const made = bench({ maxAttempts: 1 });
    await killed(made, names(5));
    const lines = await linesOf(made.inspector);
    const small = defineQueue<string>({ name: uniqueName(), dead: { count: 3, ageMs: 60_000 } });
    await using inspector = createInspector(small, made.backend);
    await expect(inspector.importDead(() => lines)).rejects.toMatchObject({
      code: 'INVALID_LINE',
      message: expect.stringContaining('say otherQueue if that is meant') as string,
    });
    const result = await inspector.importDead(() => lines, { otherQueue: true });
    expect({ ...result, refusedIds: result.refusedIds.length }).toEqual({ added: 3, existing: 0, conflictingIds: [], refusedIds: 2 });
    expect((await inspector.counts()).dead).toBe(3);
  });

  test.each([
    [{ filter: { reason: 'bored' } }, 'filter.reason must be one or several of attempts-exhausted, rejected'],
    [{ filter: { reason: [] } }, 'filter.reason must be one or several of'],
    [{ filter: { error: 'x' } }, 'filter has no option error; it has attemptsAtLeast, endedAfterMs'],
    [{ filter: { errorName: '' } }, 'filter.errorName must be a text of 1 to 500 characters, got ""'],
    [{ filter: { endedBeforeMs: 1.5 } }, 'filter.endedBeforeMs must be a whole number from 0'],
    [{ filter: 'all' }, 'filter must be an object with some of reason, errorName'],
    [{ limit: 0 }, 'limit must be a whole number from 1'],
    [{ ratePerSecond: 0 }, 'ratePerSecond must be a number from 0.01 to 1000000, got 0'],
    [{ signal: true }, 'signal must be an AbortSignal'],
    [{ onProgress: 1 }, 'onProgress must be a function'],
    [{ all: true }, 'redriveAll and purgeAll has no option all'],
  ])('redriveAll and purgeAll refuse %j', async (options, message) => {
    const { inspector } = bench();
    const refused = { code: 'INVALID_OPTION', message: expect.stringContaining(message) as string };
    await expect(inspector.redriveAll(options as never)).rejects.toMatchObject(refused);
    await expect(inspector.purgeAll(options as never)).rejects.toMatchObject(refused);
  });

  test.each([
    [{ after: 'x' }, 'after must be `next` of an earlier page, got "x"'],
    [{ after: '3:1:id' }, 'after must be `next` of an earlier page, got "3:1:id"'],
    [{ limit: 1001 }, 'limit must be a whole number from 1 to 1000, got 1001'],
    [{ skip: 1 }, 'deadLetters has no option skip; it has after, filter, limit'],
  ])('deadLetters refuses %j', async (query, message) => {
    const { inspector } = bench();
    await expect(inspector.deadLetters(query as never)).rejects.toMatchObject({ code: 'INVALID_OPTION', message });
  });
}
