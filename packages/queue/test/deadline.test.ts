import { expect, test } from 'vitest';
import { createConsumer, createInspector, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';
import { pipeline } from '@nines/resilience';
import { ManualClock } from './manual-clock.ts';

const turns = async () => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};

test('a deadline travels from a call over the job to the next hop, and time in the queue is taken off', async () => {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  const queue = defineQueue<string>({ name: 'orders' });
  await using producer = createProducer(queue, { store, clock });
  const outward = pipeline('api', [], { clock: { ...clockOf(clock) } });
  await outward.execute((call) => producer.enqueue('x', { deadlineMs: call.remainingMs() }), { remainingMs: 20_000 });
  clock.advance(5000);
  const headers = Promise.withResolvers<Record<string, string>>();
  const onward = pipeline('receiver', [], { clock: clockOf(clock) });
  const consumer = createConsumer(
    queue,
    (_job, context) => onward.execute((call) => headers.resolve(call.headers()), { remainingMs: context.remainingMs() }),
    { store, clock },
  );
  await consumer.start();
  expect(await headers.promise).toEqual({ 'grpc-timeout': '15000m', 'x-criticality': 'critical' });
  await consumer.stop();
});

test('time that a claimed job waits in the process is taken off its deadline', async () => {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  const queue = defineQueue<string>({ name: 'orders', completed: { count: 10, ageMs: 60_000 } });
  await using producer = createProducer(queue, { store, clock });
  await using inspector = createInspector(queue, { store });
  const gates: PromiseWithResolvers<void>[] = [];
  const consumer = createConsumer(
    queue,
    async (_job, { remainingMs }) => {
      left.push(remainingMs());
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
    },
    { store, clock, concurrency: 1 },
  );
  const left: number[] = [];
  await consumer.start();
  // One quick job teaches the consumer to claim ahead.
  await producer.enqueue('teacher');
  await turns();
  gates.shift()?.resolve();
  await turns();
  await producer.enqueueMany(['first']);
  const { id } = await producer.enqueue('second', { deadlineMs: 10_000 });
  await turns();
  clock.advance(900);
  gates.shift()?.resolve();
  await turns();
  expect(left).toHaveLength(3);
  expect(left[2]).toBe(9100);
  gates.shift()?.resolve();
  await turns();
  await consumer.stop();
  expect(await inspector.get(id)).toMatchObject({ state: 'completed' });
});

function clockOf(clock: ManualClock) {
  return { now: () => clock.now(), epochMs: () => clock.wallMs(), schedule: (task: () => void, ms: number) => clock.after(ms, task) };
}
