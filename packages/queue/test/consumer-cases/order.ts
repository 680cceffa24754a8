import { expect, test } from 'vitest';
import { defineQueue } from '@nines/queue';
import { partitionOf } from '../../src/partition.ts';
import { calls, uniqueName, type MakeBench } from './bench.ts';

const names = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);

/** Who is next: priorities, groups, rate and cap, as producers and consumers see them. */
export function orderCases(bench: MakeBench): void {
  test('jobs run by their priority, and in the order of their enqueue within it', async () => {
    const { producer, consume, inspector } = bench();
    const enqueued = [4, 9, undefined, 0, 9, 5];
    for (const [at, priority] of enqueued.entries()) await producer.enqueue(`${at}`, priority === undefined ? {} : { priority });
    expect(await inspector.counts()).toMatchObject({ waiting: 6 });
    const listed = await inspector.list('waiting');
    expect(listed.map(({ payload, priority }) => [payload, priority])).toEqual([
      ['1', 9],
      ['4', 9],
      ['5', 5],
      ['0', 4],
      ['2', 4],
      ['3', 0],
    ]);
    const { handler, all } = calls<string>(6);
    await consume(handler, 1);
    expect((await all).map(({ payload }) => payload)).toEqual(['1', '4', '5', '0', '2', '3']);
  });

  test('jobs of a group run one at a time and in order, through failures, however many slots there are', async () => {
    const { producer, consume, inspector } = bench<{ group: string; at: number }>({ maxAttempts: 2 });
    const groups = ['a', 'b', 'c', 'd', 'e'];
    for (const at of names(8).map(Number)) for (const group of groups) await producer.enqueue({ group, at }, { groupId: group });
    const running = new Set<string>();
    const together: string[] = [];
    const order = new Map<string, number[]>(groups.map((group) => [group, []]));
    const done = Promise.withResolvers<void>();
    let ended = 0;
    await consume(async ({ payload: { group, at } }, { attempt }) => {
      if (running.has(group)) together.push(group);
      running.add(group);
      await new Promise<void>((resolve) => setImmediate(resolve));
      running.delete(group);
      // Every third fails once; one of each group for good.
      if (at % 3 === 0 && attempt === 1) throw new Error('once');
      if (at === 3) {
        if ((ended += 1) === 40) done.resolve();
        throw new Error('for good');
      }
      order.get(group)!.push(at);
      if ((ended += 1) === 40) done.resolve();
    }, 16);
    await done.promise;
    expect(together).toEqual([]);
    for (const group of groups) expect(order.get(group)).toEqual([0, 1, 2, 4, 5, 6, 7]);
    await expect.poll(async () => (await inspector.counts()).dead).toBe(groups.length);
    const [dead] = await inspector.list('dead');
    expect(groups).toContain(dead?.groupId);
  });

  test('where jobs have an order nothing is claimed ahead of free slots', async () => {
    const { producer, consume, inspector } = bench();
    for (const at of names(60)) await producer.enqueue(at, Number(at) % 2 === 0 ? { priority: 6 } : { groupId: `g${at}` });
    const most: number[] = [];
    const { handler, all } = calls<string>(60, async () => {
      most.push((await inspector.counts()).active);
    });
    await consume(handler, 3);
    await all;
    expect(Math.max(...most)).toBeLessThanOrEqual(3);
  });

  test('a cap holds over several consumers', async () => {
    const { producer, consume, inspector } = bench({ globalConcurrency: 3 });
    await producer.enqueueMany(names(60));
    let running = 0;
    const most: number[] = [];
    const { handler, all } = calls<string>(60, async () => {
      running += 1;
      most.push(running, (await inspector.counts()).active);
      running -= 1;
    });
    await consume(handler, 4);
    await consume(handler, 4);
    await all;
    expect(Math.max(...most)).toBe(3);
  });

  test('a rate lets no more jobs start than its count after a pause', async () => {
    const { producer, consume, inspector } = bench({ rateLimit: { count: 5, perMs: 86_400_000 } });
    await producer.enqueueMany(names(20));
    const { handler, seen, all } = calls<string>(5);
    const consumer = await consume(handler, 16);
    await all;
    await consumer.stop();
    expect(seen).toHaveLength(5);
    expect(await inspector.counts()).toMatchObject({ waiting: 15, active: 0 });
  });

  test('a rate goes on by itself, and gives all that waits', async () => {
    const { producer, consume } = bench({ rateLimit: { count: 2, perMs: 20 } });
    await producer.enqueueMany(names(12));
    const { handler, all } = calls<string>(12);
    await consume(handler, 16);
    await consume(handler, 16);
    expect((await all).map(({ payload }) => Number(payload)).toSorted((a, b) => a - b)).toEqual(names(12).map(Number));
  });

  test('a group is in one partition, where its jobs are found by their ids, and is ordered there', async () => {
    const { producer, consume, inspector } = bench({ partitions: 4 });
    const ids: string[] = [];
    for (const at of names(12)) ids.push((await producer.enqueue(at, { groupId: `group-${Number(at) % 3}` })).id);
    for (const [at, id] of ids.entries()) {
      expect(partitionOf(id, 4)).toBe(partitionOf(`group-${at % 3}`, 4));
      expect(await inspector.get(id)).toMatchObject({ state: 'waiting', groupId: `group-${at % 3}` });
    }
    const group = 'group-0';
    const own = names(100).find((id) => partitionOf(id, 4) !== partitionOf(group, 4))!;
    await producer.enqueue('own', { id: own, groupId: group });
    expect((await producer.enqueue('again', { id: own, groupId: group })).created).toBe(false);
    expect(await inspector.get(own)).toMatchObject({ payload: 'own', groupId: group });
    const { handler, all } = calls<string>(13);
    await consume(handler, 8);
    const done = (await all).map(({ payload }) => payload);
    expect(done.filter((payload) => payload === 'own' || Number(payload) % 3 === 0)).toEqual(['0', '3', '6', '9', 'own']);
  });

  test('what follows from a job may have a priority, and a group of the same partition only', async () => {
    const partitions = 4;
    const orders = bench({ partitions });
    const shipments = bench({}, defineQueue<string>({ name: uniqueName(), partitions }));
    const refused = Promise.withResolvers<unknown>();
    const { handler, all } = calls<string>(1, async ({ id }, { enqueue }) => {
      const here = (name: string) => partitionOf(name, partitions) === partitionOf(id, partitions);
      await enqueue(shipments.queue, 'x', { groupId: names(100).find((name) => !here(name))! }).catch(refused.resolve);
      await enqueue(shipments.queue, 'low', { priority: 1 });
      await enqueue(shipments.queue, 'grouped', { groupId: names(100).find(here)! });
      await enqueue(shipments.queue, 'high', { priority: 8 });
    });
    await orders.producer.enqueue('order');
    const consumer = await orders.consume(handler);
    await all;
    expect(await refused.promise).toMatchObject({ code: 'NOT_COLOCATED' });
    expect(await consumer.stop()).toMatchObject({ drained: true });
    const shipping = calls<string>(3);
    await shipments.consume(shipping.handler, partitions);
    expect((await shipping.all).map(({ payload }) => payload)).toEqual(['high', 'grouped', 'low']);
  });
}
