import { expect, test } from 'vitest';
import { createConsumer, createProducer, defineQueue, QueueError, type Store } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';
import { systemClock } from '../src/clock.ts';
import { OutcomeWatch } from '../src/outcome-watch.ts';

/** A watch on a store in memory that counts its looks, and fails those that it is told to. */
async function scene() {
  const queue = defineQueue<string>({ name: 'waited-for', results: { count: 10, ageMs: 60_000 } });
  const store = memoryStore();
  const looks: (readonly string[])[] = [];
  const failures: QueueError[] = [];
  let listening = 0;
  const watched = {
    ...store(queue),
    async listen(listener: Parameters<Store['listen']>[0]) {
      const stop = await store(queue).listen(listener);
      listening += 1;
      return () => {
        listening -= 1;
        stop();
      };
    },
    async outcomes(ids: readonly string[]) {
      looks.push(ids);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return store(queue).outcomes(ids);
    },
  };
  const producer = createProducer(queue, { store });
  const add = async (payload: string) => (await producer.enqueue(payload)).id;
  const ended = async () => {
    const consumer = createConsumer(queue, ({ payload }) => payload, { store });
    await consumer.start();
    await store.drain();
    await consumer.stop();
  };
  const watch = new OutcomeWatch({ queue: queue.options, store: watched, clock: systemClock });
  return { watch, looks, failures, add, ended, listening: () => listening };
}

test('those who wait look once when they begin and once when their job ends, together, and listen as long as anybody waits', async () => {
  const { watch, looks, add, ended, listening } = await scene();
  const ids = [await add('a'), await add('b')];
  const waits = ids.map((id) => watch.wait(id, 60_000, undefined));
  await expect.poll(() => looks.flat().toSorted()).toEqual(ids.toSorted());
  const before = looks.length;
  expect(listening()).toBe(1);
  await ended();
  expect(await Promise.all(waits)).toEqual(['a', 'b']);
  expect(looks.slice(before)).toEqual([ids]);
  expect(listening()).toBe(0);
});

test('a look that nobody answered is repeated; one that was refused ends the wait', async () => {
  const { watch, looks, failures, add, ended } = await scene();
  const id = await add('a');
  failures.push(new QueueError('REDIS_UNAVAILABLE', 'away'), new QueueError('REDIS_UNAVAILABLE', 'away'));
  const waiting = watch.wait(id, 60_000, undefined);
  await expect.poll(() => looks.length).toBe(3);
  await ended();
  expect(await waiting).toBe('a');
  failures.push(new QueueError('REDIS_REFUSED', 'no permission'));
  await expect(watch.wait(id, 60_000, undefined)).rejects.toMatchObject({ code: 'REDIS_REFUSED' });
});
