import { expect, test } from 'vitest';
import {
  createConsumer,
  createInspector,
  createProducer,
  defineQueue,
  type Consumer,
  type QueueError,
  type QueueMetrics,
} from '@nines/queue';
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

test('a handler that blocks the event loop for 20 s loses its job to another, its result is refused, and LEASE_AT_RISK has told of it', async () => {
  const { clock, store, queue, producer, inspector } = setUp();
  const told: QueueError[] = [];
  const counted: string[] = [];
  const metrics = {
    ...silent,
    leaseAtRisk: (name: string) => counted.push(`at risk ${name}`),
    leasesLost: (name: string, jobs: number) => counted.push(`lost ${jobs} ${name}`),
  };
  const thief = { token: 'thief', settlements: [], wantSuspect: true };
  const stolen: string[] = [];
  const blocked = Promise.withResolvers<void>();
  const consumer = createConsumer(
    queue,
    async () => {
      for (let ms = 0; ms < 20_000; ms += 1000) {
        clock.block(1000);
        if (ms === 10_000) stolen.push(...(await store(queue).exchange({ ...thief, known: false, want: 1 })).jobs.map(({ id }) => id));
      }
      blocked.resolve();
    },
    { store, clock, metrics, onError: (error) => told.push(error) },
  );
  await consumer.start();
  const { id } = await producer.enqueue('cpu');
  await blocked.promise;
  // Another consumer has it since its lease ran out, and keeps it by renewing.
  expect(stolen).toEqual([id]);
  clock.advance(0);
  await turn();
  await turn();
  expect(told.map(({ code }) => code)).toEqual(['LEASE_AT_RISK']);
  expect(told[0]?.message).toContain(`not renewed for 20000 ms of leaseMs (10000 ms), most likely by job ${id}`);
  expect(told[0]?.message).toContain('queue lease');
  expect(counted).toEqual(['at risk lease', 'lost 1 lease']);
  expect(await inspector.get(id)).toMatchObject({ state: 'active' });
  await consumer.stop();
  expect(await inspector.get(id)).toMatchObject({ state: 'active' });
});

test('a block of more than half a lease is told of once, before anything is lost; a shorter one is not', async () => {
  const { clock, store, queue, producer, inspector } = setUp();
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const consumer = createConsumer(queue, () => gate.promise, { store, clock, onError: ({ code }) => told.push(code) });
  await consumer.start();
  const { id } = await producer.enqueue('x');
  await turn();
  await turn();
  const pass = async (ms: number) => {
    clock.block(ms);
    for (let tick = 0; tick < 3; tick += 1) {
      clock.advance(0);
      await turn();
    }
    clock.advance(1000);
    await turn();
    await turn();
  };
  await pass(4000);
  expect(told).toEqual([]);
  await pass(6000);
  expect(told).toEqual(['LEASE_AT_RISK']);
  await pass(6000);
  expect(told).toEqual(['LEASE_AT_RISK', 'LEASE_AT_RISK']);
  expect(await inspector.get(id)).toMatchObject({ state: 'active' });
  gate.resolve();
  await turn();
  await consumer.stop();
  expect(await inspector.get(id)).toBeUndefined();
});

test('handlers that only compute give the event loop its turn between them, however many jobs are claimed', async () => {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  const queue = defineQueue<string>({ name: 'cpu' });
  const handledInTurn = new Map<number, number>();
  const all = Promise.withResolvers<void>();
  let turns = 0;
  let handled = 0;
  const consumer = createConsumer(
    queue,
    () => {
      clock.block(30);
      handledInTurn.set(turns, (handledInTurn.get(turns) ?? 0) + 1);
      handled += 1;
      if (handled === 200) all.resolve();
    },
    { store, clock, concurrency: 100 },
  );
  let spinning = true;
  const spin = () => {
    turns += 1;
    if (spinning) setImmediate(spin);
  };
  await createProducer(queue, { store, clock }).enqueueMany(Array.from({ length: 200 }, (_, n) => `${n}`));
  await consumer.start();
  spin();
  await all.promise;
  spinning = false;
  await consumer.stop();
  expect(Math.max(...handledInTurn.values())).toBeLessThanOrEqual(5);
});

const silent: QueueMetrics = {
  sent: () => {},
  claimed: () => {},
  waited: () => {},
  attempted: () => {},
  deadLettered: () => {},
  leasesLost: () => {},
  leaseAtRisk: () => {},
  depth: () => {},
};
