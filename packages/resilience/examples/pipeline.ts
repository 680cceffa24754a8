// A deadline for the call, retries inside it, a breaker that sees each attempt, a timeout for each.
import { deadline, exponential, pipeline, timeout } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';

const inventory = pipeline('inventory', [
  deadline({ totalMs: 2_000 }),
  pRetry({ maxAttempts: 3, backoff: exponential({ baseMs: 20, maxMs: 200 }) }),
  opossum({ failureRateThreshold: 0.5, minimumCalls: 20 }),
  timeout({ attemptMs: 500 }),
]);
inventory.subscribe((event) => {
  if (event.type === 'attempt') console.log(`attempt ${event.info.attempt}: ${event.kind}`);
});

const stock = await inventory.execute((ctx) => {
  if (ctx.attempt < 3) throw new Error('connection reset');
  return 42;
});
console.log('stock', stock);
