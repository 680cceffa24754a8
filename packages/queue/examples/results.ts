// Waits for what a handler returns, in whichever process it runs; and what becomes of a wait whose job dies.
import { createConsumer, createInspector, createProducer, DeadLetterError, defineQueue, isQueueError } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const invoices = defineQueue<{ cents: readonly number[] }, { total: number }>({
  name: 'invoices',
  results: { count: 10_000, ageMs: 3_600_000 },
  completed: { count: 100, ageMs: 3_600_000 },
});

const consumer = createConsumer(
  invoices,
  ({ payload }, { progress }) => {
    if (payload.cents.length === 0) throw new DeadLetterError('nothing to add up');
    progress(0.5);
    return { total: payload.cents.reduce((sum, cents) => sum + cents, 0) };
  },
  { store },
);
await consumer.start();

await using producer = createProducer(invoices, { store });
const { id } = await producer.enqueue({ cents: [100, 250] });
const { total } = await producer.waitUntilCompleted(id, { timeoutMs: 10_000 });
console.log(total); // 350
console.log((await createInspector(invoices, { store }).get(id))?.result); // { total: 350 }

const empty = await producer.enqueue({ cents: [] });
try {
  await producer.waitUntilCompleted(empty.id, { timeoutMs: 10_000 });
} catch (error) {
  if (isQueueError(error)) console.log(error.code, error.reason); // JOB_DEAD_LETTERED rejected
}
await consumer.stop();
