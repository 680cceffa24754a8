import { expect, test } from 'vitest';
import { DeadLetterError, fixed, retryAfter, RetryLaterError } from '@nines/queue';
import { calls, type MakeBench } from './bench.ts';

export function outcomeCases(bench: MakeBench): void {
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

  test.each([
    ['dead-letters at once', 'dead-letter', { state: 'dead', deadReason: 'rejected', failedAttempts: 1 }],
    ['retries after its own time', { retryAfterMs: 3_600_000 }, { state: 'delayed', failedAttempts: 1 }],
    ['retries without burning an attempt', { retryAfterMs: 3_600_000, countsAsAttempt: false }, { state: 'delayed', failedAttempts: 0 }],
    ['retries by the backoff without burning an attempt', { countsAsAttempt: false }, { state: 'delayed', failedAttempts: 0 }],
    ['retries by the backoff', 'retry', { state: 'delayed', failedAttempts: 1 }],
    ['that says nonsense retries by the backoff', { retryAfterMs: Number.NaN }, { state: 'delayed', failedAttempts: 1 }],
  ] as const)('classify %s', async (_name, verdict, expected) => {
    const asked: unknown[] = [];
    const classify = (error: unknown, attempt: number) => {
      asked.push(error, attempt);
      return verdict;
    };
    const { producer, consume, inspector } = bench({ classify, backoff: fixed(3_600_000) });
    const error = Object.assign(new Error('no'), { status: 410 });
    const { handler, all } = calls<string>(1, () => Promise.reject(error));
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    await consumer.stop();
    expect(asked).toEqual([error, 1]);
    expect(await inspector.get(id)).toMatchObject(expected);
  });

  test('a classify that throws costs no job: it is retried', async () => {
    const classify = () => {
      throw new Error('the judge is ill');
    };
    const { producer, consume, inspector } = bench({ classify });
    const { handler, all } = calls<string>(2, (_job, { attempt }) => {
      if (attempt === 1) throw new Error('no');
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x');
    await all;
    await consumer.stop();
    expect((await inspector.get(id))?.state).toBe('completed');
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
