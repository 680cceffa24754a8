import { expect, test } from 'vitest';
import type { QueueError } from '@nines/queue';
import { partitionOf } from '../../src/partition.ts';
import { calls, type MakeBench } from './bench.ts';

/** Two keys of a queue with four partitions that belong to different ones, and an id that belongs to the first. */
function apart(): { key: string; other: string; id: string } {
  const names = Array.from({ length: 100 }, (_, at) => `name-${at}`);
  const [key = '', ...rest] = names;
  const of = (name: string) => partitionOf(name, 4);
  return { key, other: rest.find((name) => of(name) !== of(key)) ?? '', id: rest.find((name) => of(name) === of(key)) ?? '' };
}

export function dedupCases(bench: MakeBench): void {
  test('a producer is told which job has the key, and whether it means the same', async () => {
    const { producer, consume } = bench();
    const first = await producer.enqueue('a', { deduplicate: { key: 'k', ttlMs: 60_000 } });
    expect(first).toMatchObject({ created: true, sameBody: true });
    expect(await producer.enqueue('a', { deduplicate: { key: 'k' } })).toEqual({ id: first.id, created: false, sameBody: true });
    expect(await producer.enqueue('b', { deduplicate: { key: 'k' } })).toEqual({ id: first.id, created: false, sameBody: false });
    const { handler, all, seen } = calls<string>(1);
    const consumer = await consume(handler);
    await all;
    await consumer.stop();
    expect(await producer.enqueue('a', { deduplicate: { key: 'k' } })).toEqual({ id: first.id, created: false, sameBody: true });
    expect(seen).toHaveLength(1);
  });

  test('with partitions a key is looked up in one of them, whoever enqueues', async () => {
    const { producer, inspector } = bench({ partitions: 4 });
    const keys = Array.from({ length: 20 }, (_, at) => `key-${at}`);
    const answers = await Promise.all([...keys, ...keys].map((key) => producer.enqueue(key, { deduplicate: { key } })));
    expect(answers.map(({ created }) => created)).toEqual([...keys.map(() => true), ...keys.map(() => false)]);
    expect(answers.slice(20).map(({ id }) => id)).toEqual(answers.slice(0, 20).map(({ id }) => id));
    for (const [at, { id }] of answers.slice(0, 20).entries()) expect((await inspector.get(id))?.payload).toBe(keys[at]);
  });

  test('an id of another partition than its key is refused, and both are named', async () => {
    const { producer, inspector } = bench({ partitions: 4 });
    const { key, other, id } = apart();
    const refused = producer.enqueue('a', { id, deduplicate: { key: other } }).catch((error: QueueError) => error);
    expect(await refused).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringMatching(`"${id}".+"${other}"`) });
    expect(await producer.enqueue('a', { id, deduplicate: { key } })).toEqual({ id, created: true, sameBody: true });
    expect((await inspector.counts()).waiting).toBe(1);
  });

  test('a handler that enqueues with a key of another partition is refused with NOT_COLOCATED', async () => {
    const { producer, consume, queue } = bench({ partitions: 4, maxAttempts: 1 });
    const { key, other, id } = apart();
    const refusals: unknown[] = [];
    const { handler, all } = calls<string>(2, async ({ payload }, { enqueue }) => {
      if (payload === 'child') return;
      await enqueue(queue, 'lost', { deduplicate: { key: other } }).catch((error: unknown) => refusals.push(error));
      await enqueue(queue, 'child', { deduplicate: { key } });
      await enqueue(queue, 'child', { deduplicate: { key } });
    });
    const consumer = await consume(handler);
    await producer.enqueue('parent', { id });
    expect((await all).map(({ payload }) => payload)).toEqual(['parent', 'child']);
    expect(refusals).toMatchObject([{ code: 'NOT_COLOCATED', message: expect.stringContaining(`"${other}"`) }]);
    await consumer.stop();
  });

  test.each([
    ['no key', {}],
    ['a key with a space', { key: 'a b' }],
    ['an empty key', { key: '' }],
    ['a time of 0', { key: 'k', ttlMs: 0 }],
    ['a time that is no whole number', { key: 'k', ttlMs: 1.5 }],
    ['an unknown option', { key: 'k', ttl: 5 }],
  ])('deduplicate with %s is refused', async (_what, deduplicate) => {
    const { producer } = bench();
    const refused = producer.enqueue('a', { deduplicate: deduplicate as never });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('deduplicate') });
  });
}
