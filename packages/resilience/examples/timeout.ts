// One attempt is bounded; its work hears of it through ctx.signal.
import { setTimeout as sleep } from 'node:timers/promises';
import { isResilienceError, pipeline, timeout } from '@nines/resilience';

const slow = pipeline('slow', [timeout({ attemptMs: 50 })]);
try {
  await slow.execute((ctx) => sleep(10_000, 'too late', { signal: ctx.signal }));
} catch (error) {
  if (isResilienceError(error)) console.log(error.code, '-', error.message);
}
