import { expect, test } from 'vitest';
import { fixed, type Inspector } from '@nines/queue';
import { calls, type MakeBench } from './bench.ts';

/** Looks once a turn of the event loop. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise<void>((resolve) => setImmediate(resolve));
}

const buried = (inspector: Inspector<string>) => until(async () => (await inspector.counts()).dead === 1);

export function deadlineCases(bench: MakeBench): void {
  test('a handler is told what remains of the deadline of its job', async () => {
    const { producer, consume } = bench();
    const left: number[] = [];
    const { handler, all } = calls<string>(2, (_job, { remainingMs }) => left.push(remainingMs()));
    await producer.enqueue('near', { deadlineMs: 20_000.5 });
    await producer.enqueue('none', { deadlineMs: Number.POSITIVE_INFINITY });
    await consume(handler, 1);
    await all;
    expect(left[0]).toBeGreaterThan(0);
    expect(left[0]).toBeLessThanOrEqual(20_000);
    expect(left[1]).toBeGreaterThan(20_000);
    expect(left[1]).toBeLessThanOrEqual(30_000);
  });

  test('a job whose deadline has passed is not run: it is dead-lettered with reason deadline, and no attempt is counted', async () => {
    const { producer, consume, inspector } = bench();
    const { id } = await producer.enqueue('late', { deadlineMs: 1 });
    await until(async () => (await inspector.counts()).oldestAgeMs >= 2);
    const { handler, seen } = calls<string>(1);
    const consumer = await consume(handler);
    await buried(inspector);
    await consumer.stop();
    expect(seen).toEqual([]);
    expect(await inspector.get(id)).toMatchObject({ state: 'dead', deadReason: 'deadline', failedAttempts: 0 });
  });

  test('a deadline ends the attempt before attemptTimeoutMs does, its signal aborted', async () => {
    const { producer, consume, inspector } = bench();
    const reasons: unknown[] = [];
    const consumer = await consume((_job, { signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return new Promise(() => {});
    });
    // On a busy machine a job may wait for longer than its deadline: then it is not run at all, and the next has twice the time.
    let id = '';
    for (let deadlineMs = 200; reasons.length === 0; deadlineMs *= 2) {
      ({ id } = await producer.enqueue('x', { deadlineMs }));
      await until(async () => (await inspector.get(id))?.state === 'dead');
    }
    await consumer.stop();
    expect(reasons).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }]);
    expect(await inspector.get(id)).toMatchObject({ state: 'dead', deadReason: 'deadline', failedAttempts: 1 });
  });

  test('a retry that would come after the deadline is not waited for; a redrive begins the deadline anew', async () => {
    const { producer, consume, inspector } = bench({ backoff: fixed(3_600_000) });
    let healthy = false;
    const { handler, all } = calls<string>(2, () => {
      if (!healthy) throw new Error('no');
    });
    const consumer = await consume(handler);
    const { id } = await producer.enqueue('x', { deadlineMs: 1_800_000 });
    await buried(inspector);
    const dead = await inspector.get(id);
    expect(dead).toMatchObject({ state: 'dead', deadReason: 'deadline', failedAttempts: 1 });
    expect(dead?.deadlineAtMs).toBe((dead?.enqueuedAtMs ?? 0) + 1_800_000);
    healthy = true;
    await inspector.redrive({ ids: [id] });
    expect((await all).map(({ attempt }) => attempt)).toEqual([1, 1]);
    await consumer.stop();
    const done = await inspector.get(id);
    expect(done?.state).toBe('completed');
    expect(done?.enqueuedAtMs).toBeGreaterThanOrEqual(dead?.atMs ?? Number.NaN);
  });

  test.each([
    [{ deadlineMs: 0.5 }, 'DEADLINE_EXCEEDED', 'nothing is left of the deadline'],
    [{ deadlineMs: -1 }, 'INVALID_OPTION', 'deadlineMs must be a number from 0 to 31622400000, or Infinity, got -1'],
    [{ deadlineMs: Number.NaN }, 'INVALID_OPTION', 'deadlineMs must be'],
    [{ deadlineMs: 5, delayMs: 5 }, 'INVALID_OPTION', 'delayMs must be less than deadlineMs (5), got 5'],
  ])('enqueue refuses %j with %s', async (options, code, message) => {
    const { producer, inspector } = bench();
    await expect(producer.enqueue('x', options)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect((await inspector.counts()).waiting).toBe(0);
  });
}
