// A dependency is down: each call would make three attempts, but the budget lets only one retry for ten calls through.
import { fixed, pipeline, retry, retryBudget } from '@nines/resilience';

const budget = retryBudget({ ratio: 0.1, minPerSecond: 0 });
const inventory = pipeline('inventory', [retry({ maxAttempts: 3, backoff: fixed(1), budget })]);

let attempts = 0;
for (let i = 0; i < 200; i++) attempts += (await inventory.executeOutcome(() => Promise.reject(new Error('down')))).attempts.length;
console.log(`200 calls, ${attempts} attempts`);
try {
  await inventory.execute(() => Promise.reject(new Error('down')));
} catch (error) {
  console.log(String(error));
}
