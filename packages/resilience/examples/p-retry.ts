// A TypeError, a string and a slow-down are retried; every error is kept.
import { fixed, isResilienceError, pipeline } from '@nines/resilience';
import { pRetry } from '@nines/resilience/p-retry';

const thrown = [new TypeError('fetch failed'), 'socket hang up', new Error('still down')];
const inventory = pipeline('inventory', [pRetry({ maxAttempts: 3, backoff: fixed(10) })]);
try {
  await inventory.execute((ctx) => {
    throw thrown[ctx.attempt - 1];
  });
} catch (error) {
  if (!isResilienceError(error)) throw error;
  console.log(error.code);
  for (const attempt of error.attempts) console.log(attempt.attempt, attempt.kind, String(attempt.error));
}
