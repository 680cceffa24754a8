// Operates on many dead letters at once: counts and lists those that match a filter, keeps a copy, redrives some at a rate, purges the others.
import { createConsumer, createInspector, createProducer, DeadLetterError, defineQueue, parseDeadLetterFilter } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

const store = memoryStore();
const calls = defineQueue<{ to: string }>({ name: 'calls', maxAttempts: 1 });
const inspector = createInspector(calls, { store });

const consumer = createConsumer(
  calls,
  ({ payload }) => {
    if (payload.to === 'nobody') throw new DeadLetterError('gone for good');
    throw new Error('connect ETIMEDOUT');
  },
  { store },
);
await consumer.start();
await using producer = createProducer(calls, { store });
await producer.enqueueMany([{ to: 'ada' }, { to: 'nobody' }, { to: 'grace' }]);
await store.drain();
await consumer.stop();

const filter = parseDeadLetterFilter('error~ETIMEDOUT reason=attempts-exhausted'); // or { errorIncludes: 'ETIMEDOUT', … }
console.log(await inspector.countDead({ filter })); // 2
const { jobs, next } = await inspector.deadLetters({ filter, limit: 100 });
console.log(
  jobs.map(({ payload, lastError }) => `${payload?.to}: ${lastError}`),
  next,
); // next is undefined: there are no more

const copy: string[] = [];
for await (const line of inspector.exportDead()) copy.push(line); // a line of JSON each, for a file
const stop = new AbortController(); // stop.abort() ends it between two steps
console.log(await inspector.redriveAll({ filter, ratePerSecond: 100, signal: stop.signal })); // { taken: 2, skipped: 1, left: 1, ended: 'complete' }
console.log(await inspector.purgeAll()); // { taken: 1, skipped: 0, left: 0, ended: 'complete' }
console.log(await inspector.importDead(() => copy)); // what was purged is a dead letter again: added 1, existing 2
await inspector.close();
