import { expect, test } from 'vitest';
import { createConsumer, createInspector, createProducer, defineQueue, type Consumer } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';
import { ManualClock } from './manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  const queue = defineQueue<string>({ name: 'lease', leaseMs: 10_000, attemptTimeoutMs: 3_600_000 });
  const started = Promise.withResolvers<AbortSignal>();
  const finish = Promise.withResolvers<void>();
  const consumer: Consumer = createConsumer(
    queue,
    async (_job, { signal }) => {
      started.resolve(signal);
      await finish.promise;
    },
    { store, clock },
  );
  return {
    clock,
    store,
    queue,
    started,
    finish,
    consumer,
    producer: createProducer(queue, { store, clock }),
    inspector: createInspector(queue, { store }),
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('the lease is renewed while the handler runs, many times its length', async () => {
  const { clock, store, queue, started, finish, consumer, producer, inspector } = setUp();
  await consumer.start();
  const { id } = await producer.enqueue('long');
  const signal = await started.promise;
  for (let second = 0; second < 60; second += 1) {
    clock.advance(1000);
    await turn();
    await turn();
  }
  // Another process looks for expired holders and finds none.
  const reply = await store(queue).exchange({ token: 'other', known: false, settlements: [], want: 1, wantSuspect: true });
  expect(reply.jobs).toEqual([]);
  expect(reply.recovered).toBe(0);
  expect(signal.aborted).toBe(false);
  finish.resolve();
  await consumer.stop();
  expect(await inspector.get(id)).toBeUndefined();
});

test('a lost lease aborts the signal with LEASE_LOST, and the late result counts for nothing', async () => {
  const { clock, store, queue, started, finish, consumer, producer, inspector } = setUp();
  await consumer.start();
  const { id } = await producer.enqueue('long');
  const signal = await started.promise;
  const aborted = new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));
  // The process is frozen: time passes for the store, and no timer of ours runs.
  const frozen = store(queue);
  const later = memoryTime(clock, 10_001);
  const stolen = await frozen.exchange({ token: 'thief', known: false, settlements: [], want: 1, wantSuspect: true });
  expect(stolen.jobs.map((job) => job.id)).toEqual([id]);
  later();
  expect(await aborted).toMatchObject({ code: 'LEASE_LOST' });
  finish.resolve();
  await turn();
  expect(await inspector.get(id)).toMatchObject({ state: 'active' });
  await consumer.stop();
  expect(await inspector.get(id)).toMatchObject({ state: 'active' });
});

test('all that a dead process held runs again at once, one after another, however many it held', async () => {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  const queue = defineQueue<number>({ name: 'many', leaseMs: 10_000 });
  const producer = createProducer(queue, { store, clock });
  await producer.enqueueMany(Array.from({ length: 32 }, (_, n) => n));
  await store(queue).exchange({ token: 'dead', known: false, settlements: [], want: 32, wantSuspect: true });
  clock.advance(10_001);
  const seen: number[] = [];
  let running = 0;
  const done = Promise.withResolvers<void>();
  const handler = async ({ payload }: { readonly payload: number }) => {
    expect((running += 1)).toBe(1);
    await turn();
    running -= 1;
    if (seen.push(payload) === 32) done.resolve();
  };
  const consumer = createConsumer(queue, handler, { store, clock });
  await consumer.start();
  // The clock stands still: nothing may depend on a sleep.
  await done.promise;
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n));
  await consumer.stop();
});

/** Moves what `wallMs` says without running timers; the function returned lets the timers run. */
function memoryTime(clock: ManualClock, ms: number): () => void {
  const wallMs = clock.wallMs.bind(clock);
  clock.wallMs = () => wallMs() + ms;
  return () => clock.advance(5000);
}
