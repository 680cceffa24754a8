import { expect, test } from 'vitest';
import type { MakeBench } from './bench.ts';

/** Lists of jobs. */
export function enqueueManyCases(bench: MakeBench): void {
  test('each job of a list has its own options and its own result', async () => {
    const { producer, inspector } = bench();
    const results = await producer.enqueueMany(['a', 'b', 'a', 'broken', 'plain'], (payload, index) => {
      if (payload === 'broken') throw new Error('no options for this one');
      return payload === 'plain' ? undefined : { id: payload, delayMs: index * 1000 };
    });
    expect(
      results.map((result) => (result.status === 'fulfilled' ? [result.value.id, result.value.created] : String(result.reason))),
    ).toEqual([['a', true], ['b', true], ['a', false], 'Error: no options for this one', [expect.stringMatching(/^[\w-]{22}$/), true]]);
    expect(await inspector.counts()).toMatchObject({ waiting: 2, delayed: 1 });
    const refused = await producer.enqueueMany(['x'], { id: 'x' } as never);
    expect(refused).toMatchObject([
      { status: 'rejected', reason: { code: 'INVALID_OPTION', message: expect.stringContaining('optionsOf must be') } },
    ]);
  });

  test('a list of any length is sent page by page, each job once and in its order', async () => {
    const { producer, inspector } = bench();
    const payloads = Array.from({ length: 12_000 }, (_, n) => `${n}`);
    let most = 0;
    let sent = 0;
    const sending = producer.enqueueMany(payloads, () => {
      sent += 1;
      return undefined;
    });
    while (sent < payloads.length) {
      const { waiting } = await inspector.counts();
      most = Math.max(most, sent - waiting);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect((await sending).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(most).toBeLessThanOrEqual(5000);
    expect((await inspector.counts()).waiting).toBe(12_000);
    expect((await inspector.list('waiting', { skip: 11_998 })).map(({ payload }) => payload)).toEqual(['11998', '11999']);
  });
}
