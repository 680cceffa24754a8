import { expect, test } from 'vitest';
import type { Inspector } from '@nines/queue';
import type { MakeBench } from './bench.ts';

/** Settling follows the handler; how soon is the store's affair, so look once a turn of the event loop. */
async function buried(inspector: Inspector<string>): Promise<void> {
  while ((await inspector.counts()).dead === 0) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function operatorCases(bench: MakeBench): void {
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
