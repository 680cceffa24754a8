import { expect, test } from 'vitest';
import { createConsumer, createProducer, DeadLetterError, defineQueue } from '@nines/queue';
import { partitionOf } from '../../src/partition.ts';
import { calls, uniqueName, type MakeBench } from './bench.ts';

const PARTITIONS = 4;
const names = (count: number) => Array.from({ length: count }, (_, n) => `job-${n}`);

export function partitionCases(bench: MakeBench): void {
  test('jobs of a queue with partitions are each done once, and an inspector sees them as one queue', async () => {
    const { producer, consume, inspector } = bench({ partitions: PARTITIONS, completed: { count: 1000, ageMs: 60_000 } });
    const ids = names(100);
    for (const id of ids) expect(await producer.enqueue(id, { id })).toMatchObject({ created: true });
    expect(await producer.enqueue('again', { id: 'job-7' })).toMatchObject({ created: false, sameBody: false });
    expect(await inspector.counts()).toMatchObject({ waiting: 100, active: 0 });
    expect((await inspector.get('job-42'))?.payload).toBe('job-42');
    const pages = [await inspector.list('waiting', { limit: 60 }), await inspector.list('waiting', { skip: 60, limit: 60 })];
    expect(pages.map((page) => page.length)).toEqual([60, 40]);
    expect(new Set(pages.flat().map(({ id }) => id))).toEqual(new Set(ids));
    const { handler, all } = calls<string>(100);
    const consumer = await consume(handler, 8);
    expect((await all).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(await consumer.stop()).toMatchObject({ drained: true });
    expect(await inspector.counts()).toMatchObject({ waiting: 0, active: 0, completed: 100 });
  });

  test('dead letters of all partitions are redriven and purged, by id and by number; a pause holds all of them', async () => {
    const { producer, consume, inspector } = bench({ partitions: PARTITIONS });
    const ids = names(20);
    for (const id of ids) await producer.enqueue(id, { id });
    const consumer = await consume(() => {
      throw new DeadLetterError('no');
    });
    while ((await inspector.counts()).dead < 20) await new Promise<void>((resolve) => setImmediate(resolve));
    await inspector.pause();
    expect((await inspector.redrive({ ids: ['job-3', 'job-9', 'no-such-job'] })).toSorted()).toEqual(['job-3', 'job-9']);
    expect(await inspector.redrive({ limit: 6 })).toHaveLength(6);
    expect(await inspector.purge({ limit: 10 })).toHaveLength(10);
    expect(await inspector.counts()).toMatchObject({ waiting: 8, dead: 2, paused: true });
    await consumer.stop();
  });

  test('another number of partitions is refused, by producer, consumer and inspector', async () => {
    const name = uniqueName();
    const { producer, backend } = bench({ partitions: PARTITIONS, name });
    await producer.enqueue('x');
    for (const partitions of [1, 2, 8]) {
      const other = defineQueue<string>({ name, partitions });
      await using wrong = createProducer(other, backend);
      for (const id of names(8)) await expect(wrong.enqueue('x', { id })).rejects.toMatchObject({ code: 'PARTITIONS_MISMATCH' });
      await using consumer = createConsumer(other, () => {}, backend);
      await expect(consumer.start()).rejects.toMatchObject({ code: 'PARTITIONS_MISMATCH' });
    }
  });

  test('each partition refuses what is beyond its share of maxWaiting', async () => {
    const { producer, inspector } = bench({ partitions: 2, maxWaiting: 4 });
    const ids = names(40).filter((id) => partitionOf(id, 2) === 1);
    const results = await Promise.allSettled(ids.slice(0, 5).map((id) => producer.enqueue(id, { id })));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
    expect((await inspector.counts()).waiting).toBe(2);
  });

  test('what follows from a job is in the same partition, and an id that is not is refused', async () => {
    const orders = bench({ partitions: PARTITIONS });
    const shipments = bench({ partitions: PARTITIONS });
    const single = bench();
    const refused: unknown[] = [];
    const pairs: [string, string][] = [];
    const consumer = await orders.consume(async ({ id, payload }, context) => {
      const elsewhere = names(100).find((name) => partitionOf(name, PARTITIONS) !== partitionOf(id, PARTITIONS))!;
      await context.enqueue(shipments.queue, payload, { id: elsewhere }).catch((error: unknown) => refused.push(error));
      if (partitionOf(id, PARTITIONS) > 0) await context.enqueue(single.queue, payload).catch((error: unknown) => refused.push(error));
      pairs.push([id, (await context.enqueue(shipments.queue, payload)).id]);
    });
    await producing(orders.producer, 12);
    const { handler, all } = calls<string>(12);
    const shipping = await shipments.consume(handler);
    expect((await all).map(({ payload }) => payload).toSorted()).toEqual(names(12).toSorted());
    await consumer.stop();
    await shipping.stop();
    for (const [parent, child] of pairs) expect(partitionOf(child, PARTITIONS)).toBe(partitionOf(parent, PARTITIONS));
    expect(refused.length).toBeGreaterThan(12);
    for (const error of refused) expect(error).toMatchObject({ code: 'NOT_COLOCATED' });
  });

  test('a consumer needs a slot for each partition', () => {
    const { queue, backend } = bench({ partitions: PARTITIONS });
    expect(() => createConsumer(queue, () => {}, { ...backend, concurrency: 3 })).toThrow('concurrency must be at least partitions (4)');
    expect(() => defineQueue({ name: 'x', partitions: 8, maxWaiting: 7 })).toThrow('maxWaiting must be at least partitions (8)');
  });
}

async function producing(producer: ReturnType<MakeBench>['producer'], count: number): Promise<void> {
  for (const id of names(count)) await producer.enqueue(id, { id });
}
