// Other numbers while it runs: what the breaker and the bulkhead know stays.
import { bulkhead, circuitBreaker, isResilienceError, pipeline } from '@nines/resilience';

const policies = (maxConcurrent: number, minimumCalls: number) => [
  bulkhead({ maxConcurrent, maxQueue: 10 }),
  circuitBreaker({ minimumCalls }),
];
const inventory = pipeline('inventory', policies(1, 100));
const down = (): Promise<never> => Promise.reject(new Error('down'));
for (let i = 0; i < 9; i++) await inventory.executeOutcome(down);
console.log('after 9 failures of at least 100:', inventory.breaker?.state());

inventory.reconfigure(policies(2, 10));
await inventory.executeOutcome(down);
console.log('after one more of at least 10:', inventory.breaker?.state());

try {
  inventory.reconfigure([bulkhead({ maxConcurrent: 2 }), circuitBreaker({ window: { type: 'count', size: 50 } })]);
} catch (error) {
  if (isResilienceError(error)) console.log(error.code);
}
