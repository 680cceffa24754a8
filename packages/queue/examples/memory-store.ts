// A unit test of code that enqueues and consumes, without Redis and without waiting: time is yours.
import { createInspector, createProducer, defineQueue } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

let now = Date.UTC(2026, 0, 1);
const store = memoryStore({ nowMs: () => now });
const reminders = defineQueue<{ to: string }>({ name: 'reminders' });

await using producer = createProducer(reminders, { store });
await using inspector = createInspector(reminders, { store });
await producer.enqueue({ to: 'ada@example.com' }, { id: 'r1', delayMs: 86_400_000 });
const job = await inspector.get('r1');
console.log(job?.state, (job?.atMs ?? 0) - now); // delayed 86400000

now += 3_600_000;
console.log((await inspector.counts()).delayed); // 1
