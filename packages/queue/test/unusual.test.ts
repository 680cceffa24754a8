import { expect, test } from 'vitest';
import {
  createConsumer,
  createInspector,
  createProducer,
  defineQueue,
  fixed,
  QueueError,
  type Handler,
  type QueueOptions,
  type Store,
  type StoreFactory,
} from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';
import { ManualClock } from './manual-clock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A memory store that nobody reaches while `away`: calls are not carried out, as if the network were cut before Redis. */
function unreachable(inner: StoreFactory) {
  const state = { away: false, calls: 0 };
  const cut = <Args extends unknown[], T>(verb: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> => {
      if (!state.away) return verb(...args);
      state.calls += 1;
      return Promise.reject(new QueueError('REDIS_UNAVAILABLE', 'away', { retryable: true }));
    };
  };
  const store: StoreFactory = (queue) => {
    const made = inner(queue);
    return {
      ...made,
      enqueue: cut((jobs) => made.enqueue(jobs)),
      exchange: cut((request) => made.exchange(request)),
      reconcile: cut((token, ids) => made.reconcile(token, ids)),
    } satisfies Store;
  };
  return { state, store };
}

test.each([
  ['longer', 120_000, 1],
  ['shorter', 10_000, 2],
])(
  'Redis is away for a minute under load, leases are %s: all is done, no job is run more than its leases explain, nobody hammers',
  async (_than, leaseMs, most) => {
    const clock = new ManualClock();
    const { state, store } = unreachable(memoryStore({ nowMs: () => clock.wallMs() }));
    const queue = defineQueue<number>({ name: 'away', leaseMs, attemptTimeoutMs: 600_000, completed: { count: 1000, ageMs: 86_400_000 } });
    const runs = new Map<number, number>();
    const slow = Promise.withResolvers<void>();
    const handler: Handler<number> = async ({ payload }) => {
      runs.set(payload, (runs.get(payload) ?? 0) + 1);
      if (payload < 4) await slow.promise;
    };
    const codes = new Set<string>();
    const consumers = [0, 1].map(() =>
      createConsumer(queue, handler, { store, clock, concurrency: 4, onError: ({ code }) => void codes.add(code) }),
    );
    for (const consumer of consumers) await consumer.start();
    const producer = createProducer(queue, { store, clock, enqueueTimeoutMs: 120_000 });
    await producer.enqueueMany(Array.from({ length: 20 }, (_, n) => n));
    while (runs.size < 8) await turn();
    state.away = true;
    const meanwhile = producer.enqueueMany([100, 101, 102]);
    for (let tick = 0; tick < 600; tick += 1) {
      if (tick === 300) slow.resolve();
      await turn();
      clock.advance(100);
    }
    // Two consumers and a producer, which ask again after 100 and 50 ms.
    expect(state.calls).toBeGreaterThan(100);
    expect(state.calls).toBeLessThanOrEqual(600 * 2 + 1200 + 10);
    state.away = false;
    const inspector = createInspector(queue, { store });
    while ((await inspector.counts()).completed < 23) {
      await turn();
      clock.advance(100);
    }
    expect((await meanwhile).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, dead: 0, completed: 23 });
    // Whoever is back first takes over what the other held, if that one was silent for longer than its lease.
    expect(Math.max(...runs.values())).toBe(most);
    expect([...codes]).toEqual(['REDIS_UNAVAILABLE']);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await producer.close();
  },
);

test('a stop while the consumer starts: the start ends, nothing is held, and the consumer is over', async () => {
  const store = memoryStore();
  const queue = defineQueue<string>({ name: 'starting', completed: { count: 10, ageMs: 60_000 } });
  await createProducer(queue, { store }).enqueueMany(['a', 'b', 'c']);
  const seen: string[] = [];
  const consumer = createConsumer(queue, ({ payload }) => void seen.push(payload), { store });
  const starting = consumer.start();
  const stopping = consumer.stop();
  await starting;
  expect((await stopping).drained).toBe(true);
  await expect(consumer.start()).rejects.toMatchObject({ code: 'CLOSED' });
  const { waiting, completed, active } = await createInspector(queue, { store }).counts();
  expect([waiting + completed, active, completed]).toEqual([3, 0, seen.length]);
});

test('a stop before any start, and one after a start that failed, are over at once', async () => {
  const { state, store } = unreachable(memoryStore());
  const queue = defineQueue<string>({ name: 'never' });
  expect(await createConsumer(queue, () => {}, { store }).stop()).toEqual({ drained: true, returned: 0 });
  const failing = createConsumer(queue, () => {}, {
    store: (definition) => ({ ...store(definition), open: () => Promise.reject(new QueueError('REDIS_UNAVAILABLE', 'away')) }),
  });
  state.away = true;
  await expect(failing.start()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  expect(await failing.stop()).toEqual({ drained: true, returned: 0 });
});

test('two consumers with different options: each job goes by the options of the one that runs it', async () => {
  const store = memoryStore();
  const options = { name: 'mixed', completed: { count: 10, ageMs: 60_000 } } satisfies QueueOptions;
  const patient = defineQueue<string>({ ...options, maxAttempts: 3, backoff: fixed(0) });
  const strict = defineQueue<string>({ ...options, maxAttempts: 1, leaseMs: 1000 });
  const inspector = createInspector(patient, { store });
  const producer = createProducer(patient, { store });
  const failing = () => {
    throw new Error('no');
  };
  const runUntilDead = async (queue: typeof patient, dead: number) => {
    const consumer = createConsumer(queue, failing, { store });
    await consumer.start();
    while ((await inspector.counts()).dead < dead) await turn();
    await consumer.stop();
  };
  await producer.enqueue('first', { id: 'first' });
  await runUntilDead(strict, 1);
  await producer.enqueue('second', { id: 'second' });
  await runUntilDead(patient, 2);
  expect(await inspector.get('first')).toMatchObject({ state: 'dead', failedAttempts: 1 });
  expect(await inspector.get('second')).toMatchObject({ state: 'dead', failedAttempts: 3 });
});
