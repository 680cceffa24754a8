import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineQueue, type JobContext } from '@nines/queue';
import { calls, uniqueName, type MakeBench } from './bench.ts';

export function followUpCases(bench: MakeBench): void {
  const next = () => bench<{ sku: string }>({}, defineQueue({ name: uniqueName(), schema: z.object({ sku: z.string() }) }));

  test('what a handler enqueues comes into being when its job is acknowledged, once', async () => {
    const orders = bench();
    const shipments = next();
    const first = orders.consume;
    const ids: string[] = [];
    const seen: number[] = [];
    const consumer = await first(async (_job, { enqueue, attempt }) => {
      ids.push((await enqueue(shipments.queue, { sku: 'A-1' })).id);
      void enqueue(shipments.queue, { sku: 'A-2' }, { id: 'mine' });
      seen.push((await shipments.inspector.counts()).waiting);
      if (attempt === 1) throw new Error('after the enqueue');
    });
    await orders.producer.enqueue('order');
    const { handler, all } = calls<{ sku: string }>(2);
    await shipments.consume(handler);
    const done = await all;
    await consumer.stop();
    expect(done.map(({ payload }) => payload.sku).toSorted()).toEqual(['A-1', 'A-2']);
    expect(done.map(({ id }) => id)).toContain('mine');
    expect(ids[0]).toMatch(/^[\w-]{22}$/);
    // The failed attempt sent nothing, and the repeated one came to the same id.
    expect(seen).toEqual([0, 0]);
    expect(ids).toEqual([ids[0], ids[0]]);
  });

  test('a wrong follow-up rejects when it is enqueued, and one that nobody waits for fails the attempt', async () => {
    const orders = bench({ maxAttempts: 1 });
    const shipments = next();
    const errors: unknown[] = [];
    const consumer = await orders.consume(async (_job, { enqueue }) => {
      await enqueue(shipments.queue, { sku: 1 as never }).catch((error: unknown) => errors.push(error));
      await enqueue(defineQueue<string>({ name: 'x', namespace: 'elsewhere' }), 'x').catch((error: unknown) => errors.push(error));
      enqueue(shipments.queue, { sku: 2 as never }).catch(() => {});
    });
    const { id } = await orders.producer.enqueue('order');
    while ((await orders.inspector.counts()).dead === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    await consumer.stop();
    expect(errors).toMatchObject([{ code: 'INVALID_PAYLOAD' }, { code: 'NOT_COLOCATED' }]);
    expect((await orders.inspector.get(id))?.lastError).toContain('does not match its schema');
    expect((await shipments.inspector.counts()).waiting).toBe(0);
  });

  test('an attempt that is over enqueues nothing', async () => {
    const orders = bench();
    const shipments = next();
    const context = Promise.withResolvers<JobContext>();
    const consumer = await orders.consume(async (_job, jobContext) => {
      await jobContext.enqueue(shipments.queue, { sku: 'A-1' });
      context.resolve(jobContext);
    });
    await orders.producer.enqueue('order');
    const late = await context.promise;
    await consumer.stop();
    await expect(late.enqueue(shipments.queue, { sku: 'A-2' })).rejects.toMatchObject({ code: 'CLOSED' });
    expect((await shipments.inspector.counts()).waiting).toBe(1);
  });
}
