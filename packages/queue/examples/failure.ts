// What becomes of a failed attempt: the queue judges errors of others, a handler may decide by itself, and an operator looks at what is dead.
import { createConsumer, createInspector, createProducer, DeadLetterError, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const calls = defineQueue<{ to: string }>({
  name: 'calls',
  maxAttempts: 3,
  classify: (error) => (error instanceof TypeError ? 'dead-letter' : 'retry'), // a TypeError is a fault of ours: no attempt will mend it
});

const consumer = createConsumer(
  calls,
  ({ payload }, { attempt }) => {
    if (payload.to === 'nobody') throw new DeadLetterError('gone for good');
    if (payload.to === 'broken') throw new TypeError('not a function');
    if (payload.to === 'down' || attempt === 1) throw new Error('busy');
    console.log('called', payload.to, 'at attempt', attempt);
  },
  { store },
);
await consumer.start();
await using producer = createProducer(calls, { store });
await producer.enqueueMany([{ to: 'ada' }, { to: 'nobody' }, { to: 'broken' }, { to: 'down' }]);
await store.drain({ delayed: true }); // called ada at attempt 2

const inspector = createInspector(calls, { store });
for (const { payload, deadReason, failedAttempts, lastError } of await inspector.list('dead')) {
  console.log(payload?.to, deadReason, failedAttempts, lastError);
}
await inspector.close();
await consumer.stop();
