// A queue is defined once and imported by both sides. With a schema (here zod) its payload is checked and typed at both ends.
import { defineQueue, exponential, fixed, type QueueError } from '@nines/queue';
import { z } from 'zod';

const orders = defineQueue({
  name: 'orders',
  schema: z.object({ sku: z.string(), at: z.string().transform((text) => new Date(text)) }),
  maxAttempts: 8,
  backoff: exponential({ baseMs: 500, maxMs: 300_000, jitter: 'full' }),
  leaseMs: 15_000,
});

console.log(orders.name, orders.options.maxAttempts, orders.options.maxWaiting);

try {
  defineQueue({ name: 'orders', leaseMs: 0, backoff: fixed(100) });
} catch (error) {
  console.log((error as QueueError).message); // leaseMs must be a whole number from 1000 to 3600000, got 0
}
