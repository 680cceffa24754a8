import { expect, test } from 'vitest';
import { calls, type MakeBench } from './bench.ts';

export function stopCases(bench: MakeBench): void {
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

  test('a stop that is called twice is one stop, and both say what it came to', async () => {
    const { producer, consume, inspector } = bench();
    const release = Promise.withResolvers<void>();
    const { handler, all } = calls<string>(1, () => release.promise);
    const consumer = await consume(handler, 1);
    await producer.enqueueMany(['a', 'b']);
    await all;
    const stops = [consumer.stop(), consumer.stop({ timeoutMs: 0 })];
    release.resolve();
    const [first, second] = await Promise.all(stops);
    expect(first?.drained).toBe(true);
    expect(second).toEqual(first);
    expect(await consumer.stop()).toEqual(first);
    expect(await inspector.counts()).toMatchObject({ waiting: 1, active: 0, completed: 1 });
  });
}
