import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createConsumer,
  createInspector,
  createProducer,
  DeadLetterError,
  defineQueue,
  fixed,
  retryAfter,
  RetryLaterError,
  type Backend,
  type Consumer,
  type Handler,
  type Inspector,
  type Producer,
  type Queue,
  type QueueOptions,
} from '@nines/queue';

let serial = 0;
const uniqueName = () => `consumer-${process.pid}-${(serial += 1)}`;

interface Bench<Payload> {
  readonly queue: Queue<Payload>;
  readonly producer: Producer<Payload>;
  readonly inspector: Inspector<Payload>;
  readonly consume: (handler: Handler<Payload>, concurrency?: number) => Promise<Consumer>;
}

/** What producers and consumers promise, whatever the store. */
export function consumerSuite(name: string, makeBackend: () => Backend, closeBackend: () => void): void {
  describe(`producer and consumer on ${name}`, () => {
    const opened: { close(): Promise<unknown> }[] = [];
    const bench = <Payload = string>(options: Partial<QueueOptions> = {}, queue?: Queue<Payload>): Bench<Payload> => {
      const backend = makeBackend();
      const definition =
        queue ?? defineQueue<Payload>({ name: uniqueName(), backoff: fixed(1), completed: { count: 10, ageMs: 60_000 }, ...options });
      const producer = createProducer(definition, backend);
      const inspector = createInspector(definition, backend);
      opened.push(producer, inspector);
      return {
        queue: definition,
        producer,
        inspector,
        async consume(handler, concurrency = 4) {
          const consumer = createConsumer(definition, handler, { ...backend, concurrency });
          opened.unshift({ close: () => consumer.stop({ timeoutMs: 1000 }) });
          await consumer.start();
          return consumer;
        },
      };
    };
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      closeBackend();
    });

    outcomeCases(bench);
    operatorCases(bench);
    stopCases(bench);
    payloadCases(bench);
  });
}

type MakeBench = <Payload = string>(options?: Partial<QueueOptions>, queue?: Queue<Payload>) => Bench<Payload>;

/** Resolves when the handler was called `count` times, with what it was called with. */
function calls<Payload>(count: number, act: Handler<Payload> = () => {}) {
  const seen: { payload: Payload; attempt: number; id: string }[] = [];
  const all = Promise.withResolvers<typeof seen>();
  const handler: Handler<Payload> = (job, context) => {
    seen.push({ payload: job.payload, attempt: context.attempt, id: job.id });
    if (seen.length === count) all.resolve(seen);
    return act(job, context);
  };
  return { handler, seen, all: all.promise };
}

function outcomeCases(bench: MakeBench): void {
  test('a job reaches its handler once, with its payload, id and attempt', async () => {
    const { producer, consume, inspector } = bench();
    const { handler, all, seen } = calls<string>(1);
    const consumer = await consume(handler);
    const { id, created } = await producer.enqueue('hello');
    expect(created).toBe(true);
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(await all).toEqual([{ payload: 'hello', attempt: 1, id }]);
    await consumer.stop();
    expect((await inspector.get(id))?.state).toBe('completed');
    expect(seen).toHaveLength(1);
  });

  test('a failing job is retried with its backoff until it succeeds', async () => {
    const { producer, consume, inspector } = bench();
    const { handler, all } = calls<string>(3, (_job, { attempt }) => {
      if (attempt < 3) throw new Error('not yet');
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    expect((await all).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    await consumer.stop();
    expect((await inspector.get(id))?.state).toBe('completed');
  });

  test('after maxAttempts a job is dead-lettered with its last error', async () => {
    const { producer, consume, inspector } = bench({ maxAttempts: 2 });
    const { handler, all } = calls<string>(2, () => Promise.reject(new TypeError('broken')));
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    await consumer.stop();
    expect(await inspector.get(id)).toMatchObject({ state: 'dead', failedAttempts: 2, lastError: 'TypeError: broken' });
  });

  test('DeadLetterError dead-letters at once', async () => {
    const { producer, consume, inspector } = bench();
    const { handler, all, seen } = calls<string>(1, () => {
      throw new DeadLetterError('gone');
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    await consumer.stop();
    expect((await inspector.get(id))?.state).toBe('dead');
    expect(seen).toHaveLength(1);
  });

  test('RetryLaterError sets the delay and may leave the attempt uncounted', async () => {
    const { producer, consume, inspector } = bench({ maxAttempts: 1 });
    const { handler, all } = calls<string>(1, () => {
      throw new RetryLaterError('patience', { delayMs: 3_600_000, countsAsAttempt: false });
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    await consumer.stop();
    expect(await inspector.get(id)).toMatchObject({ state: 'delayed', failedAttempts: 0 });
  });

  test('a backoff of retryAfter obeys what the error asks for', async () => {
    const { producer, consume, inspector } = bench({ backoff: retryAfter({ maxMs: 7_200_000, otherwise: fixed(1) }) });
    const { handler, all } = calls<string>(1, () => {
      throw Object.assign(new Error('busy'), { retryAfterMs: 3_600_000 });
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    await consumer.stop();
    expect(await inspector.get(id)).toMatchObject({ state: 'delayed', failedAttempts: 1 });
  });

  test('a handler that never settles is ended by attemptTimeoutMs, its signal aborted', async () => {
    const { producer, consume, inspector } = bench({ attemptTimeoutMs: 20, maxAttempts: 1 });
    const aborted = Promise.withResolvers<unknown>();
    const consumer = await consume((_job, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    });
    const { id } = await producer.enqueue('x');
    expect(await aborted.promise).toMatchObject({ code: 'ATTEMPT_TIMEOUT' });
    await consumer.stop();
    expect((await inspector.get(id))?.state).toBe('dead');
  });

  test('no more than `concurrency` handlers run at a time, and all of it is used', async () => {
    const { producer, consume } = bench();
    let running = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    const { handler, all } = calls<string>(20, async () => {
      running += 1;
      most = Math.max(most, running);
      if (running === 3) full.resolve();
      await full.promise;
      running -= 1;
    });
    await producer.enqueueMany(Array.from({ length: 20 }, (_, n) => `${n}`));
    await consume(handler, 3);
    await all;
    expect(most).toBe(3);
  });
}

/** Settling follows the handler; how soon is the store's affair, so look once a turn of the event loop. */
async function buried(inspector: Inspector<string>): Promise<void> {
  while ((await inspector.counts()).dead === 0) await new Promise<void>((resolve) => setImmediate(resolve));
}

function operatorCases(bench: MakeBench): void {
  test('an operator finds a dead letter, redrives it, and it is done', async () => {
    const { producer, consume, inspector } = bench({ maxAttempts: 1 });
    let healthy = false;
    const done = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<void>();
    const consumer = await consume(() => {
      if (healthy) return done.resolve();
      failed.resolve();
      throw new Error('receiver is down');
    });
    const { id } = await producer.enqueue('x');
    await failed.promise;
    await inspector.pause();
    await buried(inspector);
    expect(await inspector.list('dead')).toMatchObject([{ id, lastError: 'Error: receiver is down', payload: 'x', failedAttempts: 1 }]);
    healthy = true;
    expect(await inspector.redrive({ limit: 10 })).toEqual([id]);
    await inspector.resume();
    await done.promise;
    await consumer.stop();
    expect(await inspector.get(id)).toMatchObject({ state: 'completed', failedAttempts: 0 });
  });

  test.each([
    [{ limit: 0 }, 'limit must be a whole number from 1 to 1000, got 0'],
    [{}, 'limit must be a whole number from 1 to 1000, got undefined'],
    [{ ids: ['a'], limit: 1 }, 'limit must be absent where ids are given, got 1'],
    [{ ids: ['not an id'] }, 'id must be 1 to 128 visible ASCII characters, got "not an id"'],
    [{ all: true }, 'which has no option all; it has ids, limit'],
  ])('redrive and purge refuse %j', async (which, message) => {
    const { inspector } = bench();
    await expect(inspector.redrive(which as never)).rejects.toMatchObject({ code: 'INVALID_OPTION', message });
    await expect(inspector.purge(which as never)).rejects.toMatchObject({ code: 'INVALID_OPTION', message });
  });
}

function stopCases(bench: MakeBench): void {
  test('stop waits for what runs, hands back what has not started, and claims no more', async () => {
    const { producer, consume, inspector } = bench();
    const release = Promise.withResolvers<void>();
    const { handler, all, seen } = calls<string>(2, () => release.promise);
    await producer.enqueueMany(['a', 'b', 'c', 'd', 'e']);
    const consumer = await consume(handler, 2);
    await all;
    const stopping = consumer.stop();
    release.resolve();
    expect((await stopping).drained).toBe(true);
    expect(seen).toHaveLength(2);
    expect(await inspector.counts()).toMatchObject({ waiting: 3, active: 0, completed: 2 });
  });

  test('what still runs at the deadline is aborted and handed back without burning an attempt', async () => {
    const { producer, consume, inspector } = bench();
    const aborted = Promise.withResolvers<unknown>();
    const { handler, all } = calls<string>(1, (_job, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason));
      return new Promise(() => {});
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    expect(await consumer.stop({ timeoutMs: 0 })).toEqual({ drained: false, returned: 1 });
    expect(await aborted.promise).toMatchObject({ code: 'STOPPED' });
    expect(await inspector.get(id)).toMatchObject({ state: 'waiting', failedAttempts: 0 });
  });

  test('a stop with a wrong time is refused, and the consumer goes on', async () => {
    const { producer, consume } = bench();
    const { handler, all } = calls<string>(1);
    const consumer = await consume(handler);
    await expect(consumer.stop({ timeoutMs: 0.5 })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await producer.enqueue('still here');
    expect(await all).toHaveLength(1);
    expect((await consumer.stop()).drained).toBe(true);
  });

  test('a closed producer and a stopped consumer refuse with CLOSED', async () => {
    const { producer, consume } = bench();
    const consumer = await consume(() => {});
    await consumer.stop();
    await expect(consumer.start()).rejects.toMatchObject({ code: 'CLOSED' });
    await producer.close();
    await expect(producer.enqueue('x')).rejects.toMatchObject({ code: 'CLOSED' });
  });
}

function payloadCases(bench: MakeBench): void {
  test('a schema refuses a wrong payload before anything is stored, and names the field', async () => {
    const queue = defineQueue({ name: uniqueName(), schema: z.object({ count: z.number() }) });
    const { producer, inspector } = bench({}, queue);
    await expect(producer.enqueue({ count: 'many' as never })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      issues: [expect.stringContaining('count')],
    });
    expect((await inspector.counts()).waiting).toBe(0);
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
    ['more than maxBodyBytes', 'x'.repeat(200), 'PAYLOAD_TOO_LARGE'],
  ])('%s is refused and leaves no trace', async (_name, payload, code) => {
    const { producer, inspector } = bench<unknown>({ maxBodyBytes: 100 });
    await expect(producer.enqueue(payload)).rejects.toMatchObject({ code });
    expect((await inspector.counts()).waiting).toBe(0);
  });

  test('a full queue refuses with QUEUE_FULL and says when to come back', async () => {
    const { producer } = bench({ maxWaiting: 2 });
    const results = await producer.enqueueMany(['a', 'b', 'c']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(producer.enqueue('d')).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true, retryAfterMs: expect.any(Number) });
  });

  test('an id of the caller makes enqueue idempotent', async () => {
    const { producer, inspector } = bench();
    expect(await producer.enqueue('first', { id: 'same' })).toEqual({ id: 'same', created: true });
    expect(await producer.enqueue('second', { id: 'same' })).toEqual({ id: 'same', created: false });
    expect((await inspector.get('same'))?.payload).toBe('first');
  });
}
