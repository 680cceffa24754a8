import { expect, test } from 'vitest';
import { DeadLetterError, RetryLaterError, type BatchHandler, type Inspector } from '@nines/queue';
import type { MakeBench } from './bench.ts';

async function idle(inspector: Inspector<string>): Promise<void> {
  const unfinished = async () => {
    const { waiting, active, delayed } = await inspector.counts();
    return waiting + active + delayed;
  };
  await expect.poll(unfinished).toBe(0);
}

/** A handler that remembers the payloads of each batch. */
function remember(act: BatchHandler<string> = () => {}): { readonly handler: BatchHandler<string>; readonly seen: string[][] } {
  const seen: string[][] = [];
  const handler: BatchHandler<string> = (jobs, context) => {
    seen.push(jobs.map(({ payload }) => payload));
    return act(jobs, context);
  };
  return { handler, seen };
}

export function batchCases(bench: MakeBench): void {
  test('a batch handler gets up to size jobs in their order, and returning nothing acknowledges all', async () => {
    const { producer, consumeBatches, inspector } = bench({ completed: { count: 100, ageMs: 60_000 } });
    const payloads = Array.from({ length: 25 }, (_, n) => `${n}`);
    await producer.enqueueMany(payloads);
    const { handler, seen } = remember();
    const consumer = await consumeBatches(handler, { size: 10 });
    await idle(inspector);
    await consumer.stop();
    expect(seen.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(seen.flat()).toEqual(payloads);
    expect((await inspector.counts()).completed).toBe(25);
  });

  test('each job of a batch has the outcome that the settled results say, and no other job has it', async () => {
    const { producer, consumeBatches, inspector } = bench({ maxAttempts: 2 });
    const results = await producer.enqueueMany(['done', 'fails', 'rejected', 'later'], (id) => ({ id }));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    const { handler, seen } = remember((jobs) =>
      Promise.allSettled(
        jobs.map(async ({ payload, context }) => {
          if (payload === 'fails') throw new Error('as always');
          if (payload === 'rejected') throw new DeadLetterError('not this one');
          if (payload === 'later' && context.attempt === 1) throw new RetryLaterError('not now', { delayMs: 1 });
        }),
      ),
    );
    const consumer = await consumeBatches(handler, { size: 4 });
    await idle(inspector);
    await consumer.stop();
    expect(seen[0]).toEqual(['done', 'fails', 'rejected', 'later']);
    expect(seen.slice(1).flat().toSorted()).toEqual(['fails', 'later']);
    const end = async (id: string) => {
      const job = await inspector.get(id);
      return [job?.state, job?.failedAttempts, job?.lastError, job?.deadReason];
    };
    expect(await end('done')).toEqual(['completed', 0, undefined, undefined]);
    expect(await end('later')).toEqual(['completed', 0, undefined, undefined]);
    expect(await end('fails')).toEqual(['dead', 2, 'Error: as always', 'attempts-exhausted']);
    expect(await end('rejected')).toEqual(['dead', 1, 'DeadLetterError: not this one', 'rejected']);
  });

  test('a batch handler that throws, or returns what is no outcome for each job, fails all of them', async () => {
    const { producer, consumeBatches, inspector } = bench({ maxAttempts: 3 });
    await producer.enqueueMany(['a', 'b'], (id) => ({ id }));
    const answers: (() => unknown)[] = [
      () => {
        throw new Error('no database');
      },
      () => [{ status: 'fulfilled', value: 1 }],
      () => ['a', 'b'],
    ];
    const errors: (string | undefined)[][] = [];
    let call = 0;
    // Of a size that takes both at each attempt: they come back together.
    const { handler, seen } = remember(async (jobs) => {
      errors.push(await Promise.all(jobs.map(async ({ id }) => (await inspector.get(id))?.lastError)));
      call += 1;
      return answers[call - 1]?.() as undefined;
    });
    const consumer = await consumeBatches(handler, { size: 2, lingerMs: 20_000 });
    await idle(inspector);
    await consumer.stop();
    expect(seen).toHaveLength(3);
    expect(errors[1]).toEqual(['Error: no database', 'Error: no database']);
    for (const id of ['a', 'b']) {
      expect(await inspector.get(id)).toMatchObject({
        state: 'dead',
        failedAttempts: 3,
        lastError: expect.stringMatching(/must return nothing, or one settled result for each of its 2 jobs; got an array of 2$/),
      });
    }
    expect(errors[2]?.[0]).toMatch(/QueueError: .* got an array of 1$/);
  });

  test('a batch waits for company no longer than it takes to be full', async () => {
    const { producer, consumeBatches, inspector } = bench();
    const { handler, seen } = remember();
    const consumer = await consumeBatches(handler, { size: 3, lingerMs: 20_000 });
    await producer.enqueue('a');
    await expect.poll(async () => (await inspector.counts()).active).toBe(1);
    expect(seen).toEqual([]);
    await producer.enqueueMany(['b', 'c', 'd']);
    await expect.poll(() => seen).toEqual([['a', 'b', 'c']]);
    // What lingers when the consumer stops is done first.
    await expect.poll(async () => (await inspector.counts()).active).toBe(1);
    expect(await consumer.stop()).toEqual({ drained: true, returned: 0 });
    expect(seen).toEqual([['a', 'b', 'c'], ['d']]);
    expect((await inspector.counts()).completed).toBe(4);
  });

  test('never more batches run than concurrency says, and what is left at the deadline of a stop is handed back', async () => {
    const { producer, consumeBatches, inspector } = bench();
    await producer.enqueueMany(['a', 'b', 'c', 'd', 'e']);
    const signals: AbortSignal[] = [];
    const { handler, seen } = remember((_jobs, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const consumer = await consumeBatches(handler, { size: 2, concurrency: 2 });
    await expect
      .poll(() => seen)
      .toEqual([
        ['a', 'b'],
        ['c', 'd'],
      ]);
    expect(await inspector.counts()).toMatchObject({ waiting: 1, active: 4 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    expect(await consumer.stop({ timeoutMs: 0 })).toEqual({ drained: false, returned: 4 });
    expect(signals.map(({ reason }) => (reason as { code?: string }).code)).toEqual(['STOPPED', 'STOPPED']);
    expect(await inspector.counts()).toMatchObject({ waiting: 5, active: 0 });
  });

  test('a batch whose attempts time out gives its place free, and its late answer counts for nothing', async () => {
    const { producer, consumeBatches, inspector } = bench({ attemptTimeoutMs: 50, maxAttempts: 1 });
    await producer.enqueueMany(['stuck', 'too'], (id) => ({ id }));
    const late = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    const { handler, seen } = remember((jobs, { signal }) => {
      if (jobs[0]?.payload !== 'stuck') return undefined;
      signal.addEventListener('abort', () => aborted.resolve(signal.reason));
      return late.promise;
    });
    const consumer = await consumeBatches(handler, { size: 2 });
    expect(await aborted.promise).toMatchObject({ code: 'ATTEMPT_TIMEOUT' });
    late.resolve();
    await producer.enqueue('next', { id: 'next' });
    await expect.poll(() => seen).toEqual([['stuck', 'too'], ['next']]);
    await idle(inspector);
    await consumer.stop();
    for (const id of ['stuck', 'too']) expect(await inspector.get(id)).toMatchObject({ state: 'dead', deadReason: 'attempts-exhausted' });
    expect(await inspector.get('next')).toMatchObject({ state: 'completed' });
  });

  test('what a job of a batch enqueues comes into being with its own acknowledgement only', async () => {
    const orders = bench({ maxAttempts: 1 });
    const shipments = bench();
    await orders.producer.enqueueMany(['good', 'bad']);
    const { handler } = remember((jobs) =>
      Promise.allSettled(
        jobs.map(async ({ payload, context }) => {
          await context.enqueue(shipments.queue, payload);
          if (payload === 'bad') throw new Error('after the enqueue');
        }),
      ),
    );
    const consumer = await orders.consumeBatches(handler, { size: 2 });
    await idle(orders.inspector);
    await consumer.stop();
    expect((await shipments.inspector.list('waiting')).map(({ payload }) => payload)).toEqual(['good']);
  });
}
