import { expect, test } from 'vitest';
import { z } from 'zod';
import { createProducer, DeadLetterError, defineQueue, keepResults, type QueueError } from '@nines/queue';
import { uniqueName, type MakeBench } from './bench.ts';

const results = { count: 100, ageMs: 60_000 };
const WAIT = { timeoutMs: 30_000 };

/** What handlers return, and those who wait for it. */
export function resultCases(bench: MakeBench): void {
  test('who waits for a job gets what its handler returned, also when it had ended before', async () => {
    const { producer, consume, inspector } = bench({ results });
    const { id } = await producer.enqueue('a');
    const early = [producer.waitUntilCompleted(id, WAIT), producer.waitUntilCompleted(id, WAIT)];
    const consumer = await consume(({ payload }) => ({ was: payload, rows: [1, 2] }));
    expect(await Promise.all(early)).toEqual([
      { was: 'a', rows: [1, 2] },
      { was: 'a', rows: [1, 2] },
    ]);
    expect(await producer.waitUntilCompleted(id, WAIT)).toEqual({ was: 'a', rows: [1, 2] });
    expect(await inspector.get(id)).toMatchObject({ state: 'completed', result: { was: 'a', rows: [1, 2] } });
    await consumer.stop();
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a falsy value', 0],
    ['text', 'done'],
  ])('a handler that returns %s has that as its result', async (_what, value) => {
    const { producer, consume } = bench({ results });
    const consumer = await consume(async () => value);
    const { id } = await producer.enqueue('a');
    expect(await producer.waitUntilCompleted(id, WAIT)).toBe(value);
    await consumer.stop();
  });

  test('many who wait for many jobs in several partitions get each its own', async () => {
    const { producer, consume } = bench({ results, partitions: 3 });
    const consumer = await consume(({ payload }) => payload.toUpperCase());
    const payloads = Array.from({ length: 60 }, (_, at) => `job-${at}`);
    const jobs = await Promise.all(payloads.map((payload) => producer.enqueue(payload)));
    const returned = await Promise.all(jobs.map(({ id }) => producer.waitUntilCompleted(id, WAIT)));
    expect(returned).toEqual(payloads.map((payload) => payload.toUpperCase()));
    await consumer.stop();
  });

  test('a result goes through the codec of the queue, beside a schema and follow-ups', async () => {
    const seen: string[] = [];
    const flip = (bytes: Uint8Array) => {
      seen.push(Buffer.from(bytes).toString('latin1'));
      return Promise.resolve(bytes.map((byte) => byte ^ 1));
    };
    const queue = defineQueue({
      name: uniqueName(),
      schema: z.object({ sku: z.string() }),
      codec: { encode: flip, decode: flip },
      results: keepResults<{ total: number }>(results),
    });
    const next = bench();
    const { backend, consume } = bench<{ sku: string }>({}, queue);
    const producer = createProducer(queue, backend);
    const consumer = await consume(async (_job, { enqueue }) => {
      await enqueue(next.queue, 'next');
      return { total: 7 };
    });
    const { id } = await producer.enqueue({ sku: 'A-1' });
    const { total } = await producer.waitUntilCompleted(id, WAIT);
    expect(total).toBe(7);
    expect(seen).toContain('{"total":7}');
    expect((await next.inspector.counts()).waiting).toBe(1);
    await consumer.stop();
    await producer.close();
  });

  test('who waits for a job that dies is told why, and what its error was', async () => {
    const { producer, consume } = bench({ results });
    const { id } = await producer.enqueue('a');
    const waiting = producer.waitUntilCompleted(id, WAIT).catch((error: QueueError) => error);
    const consumer = await consume(() => {
      throw new DeadLetterError('gone for good');
    });
    expect(await waiting).toMatchObject({
      code: 'JOB_DEAD_LETTERED',
      reason: 'rejected',
      message: expect.stringContaining('gone for good'),
    });
    await expect(producer.waitUntilCompleted(id, WAIT)).rejects.toMatchObject({ code: 'JOB_DEAD_LETTERED' });
    await consumer.stop();
  });

  test('a wait ends by its time, by its signal and with its producer; the job goes on', async () => {
    const { producer, inspector, backend, queue } = bench({ results });
    const { id } = await producer.enqueue('a');
    await expect(producer.waitUntilCompleted(id, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    const controller = new AbortController();
    const aborted = producer.waitUntilCompleted(id, { ...WAIT, signal: controller.signal });
    controller.abort(new Error('no more'));
    await expect(aborted).rejects.toThrow('no more');
    await expect(producer.waitUntilCompleted(id, { ...WAIT, signal: controller.signal })).rejects.toThrow('no more');
    const other = createProducer(queue, backend);
    const closed = other.waitUntilCompleted(id, WAIT).catch((error: QueueError) => error.code);
    await other.close();
    expect(await closed).toBe('CLOSED');
    await expect(other.waitUntilCompleted(id, WAIT)).rejects.toMatchObject({ code: 'CLOSED' });
    expect((await inspector.get(id))?.state).toBe('waiting');
  });

  test('a wait for a job that nobody knows is refused, and so is one where no results are kept', async () => {
    const { producer } = bench({ results });
    await expect(producer.waitUntilCompleted('never', WAIT)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
    await expect(producer.waitUntilCompleted('never', {} as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(bench().producer.waitUntilCompleted('never', WAIT)).rejects.toMatchObject({ code: 'RESULTS_DISABLED' });
  });

  test.each([
    ['too large', 'x'.repeat(2000)],
    ['no JSON', 1n],
  ])('a result that is %s dead-letters its job, which is done, instead of doing it again', async (_what, value) => {
    const { producer, consume, inspector } = bench({ results, maxBodyBytes: 1000 });
    let runs = 0;
    const consumer = await consume(() => {
      runs += 1;
      return value;
    });
    const { id } = await producer.enqueue('a');
    await expect(producer.waitUntilCompleted(id, WAIT)).rejects.toMatchObject({ code: 'JOB_DEAD_LETTERED', reason: 'invalid-result' });
    expect(await inspector.get(id)).toMatchObject({ state: 'dead', deadReason: 'invalid-result' });
    expect(runs).toBe(1);
    await consumer.stop();
  });

  test('an inspector sees how far a job is; the last value counts, and one that is no JSON is refused', async () => {
    const { producer, consume, inspector } = bench({ leaseMs: 1000 });
    const refusals: unknown[] = [];
    const end = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const consumer = await consume(async (_job, { progress }) => {
      for (const value of [1n, 'x'.repeat(1025), undefined]) {
        try {
          progress(value);
        } catch (error) {
          refusals.push(error);
        }
      }
      for (let at = 0; at <= 1000; at += 1) progress(at / 1000);
      begun.resolve();
      await end.promise;
    });
    const { id } = await producer.enqueue('a');
    await begun.promise;
    await expect.poll(async () => (await inspector.get(id))?.progress).toBe(1);
    expect(refusals.map((error) => (error as QueueError).code)).toEqual(['INVALID_OPTION', 'INVALID_OPTION', 'INVALID_OPTION']);
    end.resolve();
    await consumer.stop();
    expect((await inspector.get(id))?.progress).toBeUndefined();
  });
}
