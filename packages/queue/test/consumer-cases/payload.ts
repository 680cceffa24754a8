import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { defineQueue, openStores, type BodyCodec, type Queue } from '@nines/queue';
import { calls, uniqueName, type MakeBench } from './bench.ts';

export function payloadCases(bench: MakeBench): void {
  test('a schema refuses a wrong payload before anything is stored, and names the field', async () => {
    const queue = defineQueue({ name: uniqueName(), schema: z.object({ count: z.number() }) });
    const { producer, inspector } = bench({}, queue);
    await expect(producer.enqueue({ count: 'many' as never })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      issues: [expect.stringContaining('count')],
    });
    expect((await inspector.counts()).waiting).toBe(0);
  });

  test.each([
    ['zod', z.object({ count: z.string().transform(Number) })],
    ['valibot', v.object({ count: v.pipe(v.string(), v.transform(Number)) })],
    ['arktype', type({ count: 'string.numeric.parse' })],
  ] as const)('a schema of %s checks at both ends, and the handler gets what it makes of the payload', async (_name, schema) => {
    const queue = defineQueue({ name: uniqueName(), schema });
    const { producer, consume, inspector } = bench({}, queue as unknown as Queue<{ count: string }>);
    await expect(producer.enqueue({ count: 5 as never })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      issues: [expect.stringMatching(/^count: /)],
    });
    const { handler, all } = calls<{ count: string }>(1);
    const consumer = await consume(handler);
    await producer.enqueue({ count: '12' });
    expect((await all)[0]?.payload).toEqual({ count: 12 });
    await consumer.stop();
    expect((await inspector.counts()).dead).toBe(0);
  });

  test('the handler gets the output of the schema', async () => {
    const queue = defineQueue({ name: uniqueName(), schema: z.object({ at: z.string().transform((text) => new Date(text)) }) });
    const got = Promise.withResolvers<Date>();
    const producing = bench({}, queue as never);
    await producing.producer.enqueue({ at: '2026-01-01T00:00:00Z' } as never);
    await producing.consume(((job: { payload: { at: Date } }) => got.resolve(job.payload.at)) as never);
    expect(await got.promise).toEqual(new Date('2026-01-01T00:00:00Z'));
  });

  test.each([
    ['undefined', undefined, 'PAYLOAD_NOT_SERIALISABLE'],
    ['a bigint', 1n, 'PAYLOAD_NOT_SERIALISABLE'],
    ['a bigint deep inside', { order: { items: [{ count: 1n }] } }, 'PAYLOAD_NOT_SERIALISABLE'],
    ['a cycle', cycle(), 'PAYLOAD_NOT_SERIALISABLE'],
    ['a function', () => {}, 'PAYLOAD_NOT_SERIALISABLE'],
    ['more than maxBodyBytes', 'x'.repeat(200), 'PAYLOAD_TOO_LARGE'],
  ])('%s is refused and leaves no trace', async (_name, payload, code) => {
    const { producer, inspector } = bench<unknown>({ maxBodyBytes: 100 });
    await expect(producer.enqueue(payload)).rejects.toMatchObject({ code });
    expect((await inspector.counts()).waiting).toBe(0);
  });

  test('a codec changes what is stored and nothing else, also where it takes its time', async () => {
    const seen: string[] = [];
    const codec: BodyCodec = {
      encode: async (json) => {
        seen.push(Buffer.from(json).toString());
        return deflateRawSync(json);
      },
      decode: (stored) => inflateRawSync(stored),
    };
    const { producer, consume, inspector } = bench({ codec, maxBodyBytes: 100 });
    const { handler, all } = calls<string>(1);
    const long = 'x'.repeat(5000);
    const { id } = await producer.enqueue(long);
    expect(seen).toEqual([JSON.stringify(long)]);
    expect((await inspector.get(id))?.payload).toBe(long);
    expect((await inspector.list('waiting')).map(({ payload }) => payload)).toEqual([long]);
    const consumer = await consume(handler);
    expect((await all)[0]?.payload).toBe(long);
    await consumer.stop();
  });

  test('a codec that cannot encode refuses, one that cannot decode fails the attempt', async () => {
    const codec: BodyCodec = {
      encode: (json) => {
        if (json.length < 5) throw new Error('too short for me');
        return json;
      },
      decode: () => Promise.reject(new Error('no key')),
    };
    const { producer, consume, inspector } = bench({ codec, maxAttempts: 2 });
    await expect(producer.enqueue('a')).rejects.toMatchObject({ code: 'PAYLOAD_NOT_SERIALISABLE', cause: new Error('too short for me') });
    const { id } = await producer.enqueue('abcdef');
    expect(await inspector.get(id)).toMatchObject({ payload: undefined, state: 'waiting' });
    const { handler, seen } = calls<string>(1);
    const consumer = await consume(handler);
    while ((await inspector.counts()).dead === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    await consumer.stop();
    expect(seen).toEqual([]);
    expect(await inspector.get(id)).toMatchObject({ state: 'dead', deadReason: 'attempts-exhausted', lastError: 'Error: no key' });
  });

  test('an envelope of a later release is dead-lettered, alone and in a batch, and the error names both versions', async () => {
    const { queue, backend, producer, consume, consumeBatches, inspector } = bench();
    await producer.ready();
    const [store] = openStores(queue, backend);
    await store?.enqueue([{ id: 'later', delayMs: 0, fresh: false, envelope: Buffer.from([250, 0, 0x22, 0x22]) }]);
    const dead = async () => {
      await expect.poll(async () => (await inspector.counts()).dead).toBe(1);
      return (await inspector.get('later'))?.lastError;
    };
    const error = 'QueueError: a job has envelope version 250; this release reads version 1';
    const single = await consume(() => {});
    expect(await dead()).toBe(error);
    await single.stop();
    await inspector.redrive({ ids: ['later'] });
    await consumeBatches(() => {}, { size: 10 });
    expect(await dead()).toBe(error);
    await store?.close();
  });

  test('a full queue refuses with QUEUE_FULL and says when to come back', async () => {
    const { producer } = bench({ maxWaiting: 2 });
    const results = await producer.enqueueMany(['a', 'b', 'c']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(producer.enqueue('d')).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true, retryAfterMs: expect.any(Number) });
  });

  test('an id of the caller makes enqueue idempotent', async () => {
    const { producer, inspector } = bench();
    expect(await producer.enqueue('first', { id: 'same' })).toEqual({ id: 'same', created: true, sameBody: true });
    expect(await producer.enqueue('first', { id: 'same' })).toEqual({ id: 'same', created: false, sameBody: true });
    expect(await producer.enqueue('second', { id: 'same' })).toEqual({ id: 'same', created: false, sameBody: false });
    expect((await inspector.get('same'))?.payload).toBe('first');
  });
}

function cycle(): object {
  const order: { self?: object } = {};
  order.self = order;
  return order;
}
