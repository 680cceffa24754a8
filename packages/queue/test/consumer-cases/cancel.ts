import { expect, test } from 'vitest';
import { createEvents, DeadLetterError, type QueueError } from '@nines/queue';
import { calls, type MakeBench } from './bench.ts';

const results = { count: 100, ageMs: 60_000 };
const WAIT = { timeoutMs: 30_000 };

/** An operator cancels jobs, and listeners hear of what happens. */
export function cancelCases(bench: MakeBench): void {
  test('a job that was cancelled before it began never runs, and who waits for it is told', async () => {
    const { producer, consume, inspector } = bench({ results });
    const [first, second] = [await producer.enqueue('a'), await producer.enqueue('b', { delayMs: 60_000 })];
    const third = await producer.enqueue('c');
    const waiting = producer.waitUntilCompleted(first.id, WAIT).catch((error: QueueError) => error.code);
    expect(await inspector.cancel({ ids: [first.id, second.id, 'never', first.id] })).toEqual([
      { id: first.id, outcome: 'cancelled' },
      { id: second.id, outcome: 'cancelled' },
      { id: 'never', outcome: 'unknown' },
    ]);
    expect(await waiting).toBe('JOB_CANCELLED');
    await expect(producer.waitUntilCompleted(second.id, WAIT)).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
    const { handler, all, seen } = calls<string>(1);
    const consumer = await consume(handler);
    await all;
    await consumer.stop();
    expect(seen.map(({ payload }) => payload)).toEqual(['c']);
    expect(await inspector.cancel({ ids: [third.id] })).toEqual([{ id: third.id, outcome: 'ended' }]);
  });

  test.each([
    ['listens to its signal', true],
    ['never hears', false],
  ])('an active job whose handler %s is aborted, removed and not retried', async (_how, listens) => {
    const { producer, consume, inspector } = bench({ results });
    const reason = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const events: string[] = [];
    const consumer = await consume(
      (_job, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason.resolve(signal.reason);
            if (listens) reject(new Error('stopped in the middle'));
          });
          begun.resolve();
        }),
    );
    for (const name of ['completed', 'retrying', 'dead', 'cancelled', 'lost'] as const)
      consumer.on(name, ({ id }) => events.push(`${name} ${id}`));
    const { id } = await producer.enqueue('a');
    const waiting = producer.waitUntilCompleted(id, WAIT).catch((error: QueueError) => error.code);
    await begun.promise;
    expect(await inspector.cancel({ state: 'active', limit: 10 })).toEqual([{ id, outcome: 'cancelling' }]);
    expect(await reason.promise).toMatchObject({ code: 'JOB_CANCELLED' });
    expect(await waiting).toBe('JOB_CANCELLED');
    await expect.poll(() => events).toEqual([`cancelled ${id}`]);
    await consumer.stop();
    expect(await inspector.get(id)).toBeUndefined();
    expect(await inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, dead: 0 });
  });

  test('a job that is claimed and has not started is cancelled without a start', async () => {
    const { producer, consume, inspector } = bench({ results });
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const seen: string[] = [];
    const consumer = await consume(async ({ payload }) => {
      seen.push(payload);
      begun.resolve();
      await end.promise;
    }, 1);
    const jobs = await Promise.all(['a', 'b', 'c'].map((payload) => producer.enqueue(payload)));
    await begun.promise;
    await inspector.cancel({ ids: jobs.slice(1).map(({ id }) => id) });
    end.resolve();
    expect(await producer.waitUntilCompleted(jobs[0]!.id, WAIT)).toBeUndefined();
    for (const { id } of jobs.slice(1))
      await expect(producer.waitUntilCompleted(id, WAIT)).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
    await consumer.stop();
    expect(seen).toEqual(['a']);
  });

  test('the first jobs of a state are cancelled, in all partitions', async () => {
    const { producer, inspector } = bench({ partitions: 2 });
    await Promise.all(Array.from({ length: 120 }, (_, at) => producer.enqueue(`job-${at}`)));
    const answers = await inspector.cancel({ state: 'waiting', limit: 110 });
    expect(answers.filter(({ outcome }) => outcome === 'cancelled')).toHaveLength(110);
    expect((await inspector.counts()).waiting).toBe(10);
  });

  test.each([
    ['nothing', {}],
    ['no limit', { state: 'waiting' }],
    ['a state that has ended', { state: 'dead', limit: 1 }],
    ['ids and a state', { ids: ['a'], state: 'waiting' }],
    ['an unknown option', { id: 'a' }],
  ])('a cancellation of %s is refused', async (_what, which) => {
    await expect(bench().inspector.cancel(which as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  test('a consumer tells what happens to the jobs that it runs, once it is confirmed', async () => {
    const { producer, consume } = bench({ maxAttempts: 2 });
    const told: unknown[] = [];
    const all = Promise.withResolvers<void>();
    const consumer = await consume(({ payload }, { attempt }) => {
      if (payload === 'dies') throw new DeadLetterError('gone');
      if (payload === 'fails once' && attempt === 1) throw new TypeError('not yet');
    });
    const off = consumer.on('completed', () => {
      throw new Error('a listener that throws stops nothing');
    });
    for (const name of ['completed', 'retrying', 'dead'] as const) {
      consumer.on(name, (event) => {
        told.push([name, event]);
        if (told.length === 4) all.resolve();
      });
    }
    const works = await producer.enqueue('works');
    const fails = await producer.enqueue('fails once');
    const dies = await producer.enqueue('dies');
    await all.promise;
    off();
    await consumer.stop();
    expect(told).toHaveLength(4);
    expect(told).toEqual(
      expect.arrayContaining([
        ['completed', { id: works.id }],
        ['retrying', { id: fails.id, delayMs: 1, failedAttempts: 1, error: 'TypeError: not yet' }],
        ['completed', { id: fails.id }],
        ['dead', { id: dies.id, reason: 'rejected', failedAttempts: 1, error: 'DeadLetterError: gone' }],
      ]),
    );
    expect(() => consumer.on('done' as never, () => {})).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  test('other processes hear what happens to the jobs of a queue with events, without payloads and errors', async () => {
    const { producer, consume, inspector, queue, backend } = bench({ events: true, partitions: 2 });
    await using events = createEvents(queue, backend);
    const told: string[] = [];
    for (const name of ['completed', 'retrying', 'dead', 'cancelled'] as const) {
      events.on(name, (event) => told.push(`${name} ${JSON.stringify(event)}`));
    }
    await events.ready();
    const off = events.on('completed', () => told.push('never'));
    off();
    const consumer = await consume(({ payload }, { attempt }) => {
      if (payload === 'dies') throw new DeadLetterError('secret');
      if (payload === 'fails once' && attempt === 1) throw new TypeError('secret');
      return 'secret';
    });
    const [works, fails, dies] = [await producer.enqueue('works'), await producer.enqueue('fails once'), await producer.enqueue('dies')];
    const later = await producer.enqueue('later', { delayMs: 60_000 });
    await inspector.cancel({ ids: [later.id] });
    const expected = [
      `cancelled {"id":"${later.id}"}`,
      `completed {"id":"${works.id}"}`,
      `completed {"id":"${fails.id}"}`,
      `dead {"id":"${dies.id}","reason":"rejected"}`,
      `retrying {"id":"${fails.id}","delayMs":1}`,
    ];
    await expect.poll(() => told.toSorted()).toEqual(expected.toSorted());
    await consumer.stop();
  });

  test('events of a queue that has none are refused', () => {
    const { queue, backend } = bench();
    expect(() => createEvents(queue, backend)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
}
