import { expect, test } from 'vitest';
import {
  createBatchConsumer,
  createProducer,
  defineQueue,
  fixed,
  openStores,
  type BatchConsumerOptions,
  type StandardSchema,
} from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';
import { ManualClock } from './manual-clock.ts';

const queue = defineQueue<string>({ name: 'batches', leaseMs: 1000, backoff: fixed(1) });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a batch leaves when its first job has lingered long enough', async () => {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  const seen: string[][] = [];
  const handler = (jobs: readonly { payload: string }[]) => void seen.push(jobs.map(({ payload }) => payload));
  const consumer = createBatchConsumer(queue, handler, { store, clock, size: 10, lingerMs: 500 });
  await consumer.start();
  const producer = createProducer(queue, { store });
  const active = async () => (await store.jobs(queue)).filter(({ state }) => state === 'active').length;
  await producer.enqueue('a');
  await expect.poll(active).toBe(1);
  await turn();
  clock.advance(499);
  await producer.enqueue('b');
  await expect.poll(active).toBe(2);
  await turn();
  expect(seen).toEqual([]);
  clock.advance(1);
  await expect.poll(() => seen).toEqual([['a', 'b']]);
  await consumer.stop();
});

test('a suspect is a batch of its own, whatever else is there', async () => {
  let now = 1_700_000_000_000;
  const store = memoryStore({ nowMs: () => now });
  const producer = createProducer(queue, { store });
  await producer.enqueueMany(['s1', 's2', 'a', 'b', 'c']);
  const [lost] = openStores(queue, { store });
  await lost?.exchange({ token: 'dead', known: false, settlements: [], want: 2, wantSuspect: false });
  now += 1001;
  const seen: string[][] = [];
  const handler = (jobs: readonly { payload: string }[]) => void seen.push(jobs.map(({ payload }) => payload));
  const consumer = createBatchConsumer(queue, handler, { store, size: 10, concurrency: 2 });
  await consumer.start();
  await store.drain();
  await consumer.stop();
  expect(seen).toContainEqual(['s1']);
  expect(seen).toContainEqual(['s2']);
  expect(seen.flat().toSorted()).toEqual(['a', 'b', 'c', 's1', 's2']);
});

test('a suspect waits for its turn where as many batches run as may, and runs before what came later', async () => {
  let now = 1_700_000_000_000;
  const store = memoryStore({ nowMs: () => now });
  const producer = createProducer(queue, { store });
  await producer.enqueue('suspect');
  const [lost] = openStores(queue, { store });
  await lost?.exchange({ token: 'dead', known: false, settlements: [], want: 1, wantSuspect: false });
  await producer.enqueueMany(['a', 'b']);
  now += 1001;
  const seen: string[][] = [];
  let running = 0;
  let most = 0;
  const consumer = createBatchConsumer(
    queue,
    async (jobs) => {
      running += 1;
      most = Math.max(most, running);
      seen.push(jobs.map(({ payload }) => payload));
      await turn();
      running -= 1;
    },
    { store, size: 2 },
  );
  await consumer.start();
  await store.drain();
  await consumer.stop();
  expect(most).toBe(1);
  expect(seen.flat().toSorted()).toEqual(['a', 'b', 'suspect']);
  expect(seen).toContainEqual(['suspect']);
});

test('a lost lease aborts the batch when the last of its jobs is lost, and its outcome counts for nothing', async () => {
  let now = 1_700_000_000_000;
  const store = memoryStore({ nowMs: () => now });
  const producer = createProducer(queue, { store });
  await producer.enqueueMany(['a', 'b'], (id) => ({ id }));
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<void>();
  const consumer = createBatchConsumer(
    queue,
    async (_jobs, { signal, remainingMs }) => {
      expect(remainingMs()).toBeGreaterThan(0);
      begun.resolve(signal);
      await end.promise;
    },
    { store, size: 2 },
  );
  await consumer.start();
  const signal = await begun.promise;
  now += 1001;
  const [other] = openStores(queue, { store });
  const taken = await other?.exchange({ token: 'other', known: false, settlements: [], want: 0, wantSuspect: false });
  expect(taken?.recovered).toBe(2);
  await other?.exchange({ token: 'other', known: false, settlements: [], want: 1, wantSuspect: true });
  await expect.poll(() => signal.reason).toMatchObject({ code: 'LEASE_LOST' });
  end.resolve();
  await consumer.stop({ timeoutMs: 0 });
  expect((await store.jobs(queue)).map(({ id, failedAttempts }) => [id, failedAttempts])).toContainEqual(['a', 0]);
});

test('a job that does not fit its schema, cannot be read or comes too late is no part of a batch', async () => {
  const schema: StandardSchema<string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => (value === 'wrong' ? { issues: [{ message: 'wrong' }] } : { value: value as string }),
    },
  };
  const strict = defineQueue({ name: 'strict', schema });
  const store = memoryStore();
  const loose = createProducer(defineQueue<string>({ name: 'strict' }), { store });
  await loose.enqueueMany(['a', 'wrong', 'b'], (id) => ({ id }));
  const seen: string[] = [];
  const consumer = createBatchConsumer(strict, (jobs) => void seen.push(...jobs.map(({ payload }) => payload)), { store, size: 3 });
  await consumer.start();
  await store.drain();
  await consumer.stop();
  expect(seen.toSorted()).toEqual(['a', 'b']);
  expect((await store.jobs(strict)).map(({ id, deadReason }) => [id, deadReason])).toEqual([['wrong', 'invalid-payload']]);
});

test.each([
  [{ size: 0 }, 'size must be a whole number from 1 to 1000, got 0'],
  [{}, 'size must be a whole number from 1 to 1000, got undefined'],
  [{ size: 10, lingerMs: 30_000 }, 'lingerMs must be a whole number from 0 to 29999, got 30000'],
  [{ size: 500, concurrency: 3 }, 'concurrency must be a whole number from 1 to 2, got 3'],
  [{ size: 10, trace: 'link' }, 'createBatchConsumer has no option trace'],
])('a batch consumer with %j is refused', (options, message) => {
  expect(() => createBatchConsumer(queue, () => {}, { store: memoryStore(), ...options } as BatchConsumerOptions)).toThrow(message);
});
