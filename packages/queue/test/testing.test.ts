import { expect, test } from 'vitest';
import { createConsumer, createProducer, createInspector, defineQueue, fixed, DeadLetterError } from '@nines/queue';
import { memoryStore, queueMatchers, type QueueMatchers } from '@nines/queue/testing';

declare module 'vitest' {
  // The parameters must be those of vitest.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends QueueMatchers {}
}
expect.extend(queueMatchers as never);

const orders = defineQueue<{ sku: string }>({ name: 'orders', backoff: fixed(60_000), maxAttempts: 2 });

test('drain waits for everything that waits and runs, follow-ups too, and leaves delayed jobs alone', async () => {
  const store = memoryStore();
  const shipments = defineQueue<string>({ name: 'shipments' });
  const done: string[] = [];
  await using first = createConsumer(orders, ({ payload }, { enqueue }) => enqueue(shipments, payload.sku), { store });
  await using second = createConsumer(shipments, ({ payload }) => void done.push(payload), { store });
  await first.start();
  await second.start();
  await using producer = createProducer(orders, { store });
  await producer.enqueueMany([{ sku: 'A' }, { sku: 'B' }]);
  await producer.enqueue({ sku: 'later' }, { delayMs: 3_600_000 });
  await store.drain();
  expect(done.toSorted()).toEqual(['A', 'B']);
  expect(store.unfinished).toBe(1);
});

test('advance makes due what was delayed, without waiting', async () => {
  const store = memoryStore();
  const done: string[] = [];
  await using consumer = createConsumer(orders, ({ payload }) => void done.push(payload.sku), { store });
  await consumer.start();
  await using producer = createProducer(orders, { store });
  await producer.enqueue({ sku: 'later' }, { delayMs: 3_600_000 });
  store.advance(3_599_000);
  await store.drain();
  expect(done).toEqual([]);
  store.advance(1000);
  await store.drain();
  expect(done).toEqual(['later']);
  expect(() => store.advance(-1)).toThrow('ms must be a whole number');
});

test('drain with delayed moves time on to each retry, until none is left', async () => {
  const store = memoryStore();
  const attempts: number[] = [];
  const failing = createConsumer(
    orders,
    (_job, { attempt }) => {
      attempts.push(attempt);
      throw new Error('no');
    },
    { store },
  );
  await using consumer = failing;
  await consumer.start();
  await createProducer(orders, { store }).enqueue({ sku: 'A' });
  await store.drain({ delayed: true });
  expect(attempts).toEqual([1, 2]);
  await expect(store).toBeDrained();
  await expect(store).toHaveDeadLetter(orders, { sku: 'A' });
});

test('drain with delayed takes what becomes due while it looks', async () => {
  let nowMs = 0;
  // Whoever asks for the time finds it gone on, so that some job becomes due between any two looks.
  const store = memoryStore({ nowMs: () => (nowMs += 1) });
  const done: string[] = [];
  await using consumer = createConsumer(orders, ({ payload }) => void done.push(payload.sku), { store });
  await consumer.start();
  await using producer = createProducer(orders, { store });
  for (let delayMs = 1; delayMs <= 50; delayMs += 1) {
    await producer.enqueue({ sku: `${delayMs}` }, { delayMs });
    await store.drain({ delayed: true });
  }
  expect(done).toHaveLength(50);
});

test('drain rejects where nobody will take the jobs', async () => {
  const store = memoryStore();
  await createProducer(orders, { store }).enqueue({ sku: 'A' });
  await expect(store.drain()).rejects.toMatchObject({ code: 'CLOSED', message: expect.stringContaining('start a consumer') });
  const consumer = createConsumer(orders, () => new Promise(() => {}), { store });
  await consumer.start();
  const refused = store.drain().catch((error: unknown) => error);
  await consumer.stop({ timeoutMs: 0 });
  expect(await refused).toMatchObject({ code: 'CLOSED' });
  await createInspector(orders, { store }).pause();
  await expect(store.drain()).rejects.toMatchObject({ message: expect.stringContaining('paused') });
});

test('the matchers look at what is there, and say what is when they fail', async () => {
  const store = memoryStore();
  await expect(store).toBeDrained();
  await createProducer(orders, { store }).enqueue({ sku: 'A' });
  await expect(store).toHaveEnqueued(orders);
  await expect(store).toHaveEnqueued(orders, { sku: 'A' });
  await expect(store).toHaveEnqueued(orders, expect.objectContaining({ sku: expect.any(String) }));
  await expect(store).not.toHaveEnqueued(orders, { sku: 'B' });
  await expect(store).not.toHaveDeadLetter(orders);
  await expect(expect(store).toHaveEnqueued(orders, { sku: 'B' })).rejects.toThrow(
    'expected queue orders to have a job with payload {"sku":"B"}; it has 1 jobs: waiting {"sku":"A"}',
  );
  await expect(async () => expect(store).toBeDrained()).rejects.toThrow('there are 1');
  await using consumer = createConsumer(
    orders,
    () => {
      throw new DeadLetterError('no');
    },
    { store },
  );
  await consumer.start();
  await store.drain();
  await expect(store).toHaveDeadLetter(orders);
  expect(await store.jobs(orders)).toMatchObject([{ state: 'dead', deadReason: 'rejected', payload: { sku: 'A' } }]);
});
