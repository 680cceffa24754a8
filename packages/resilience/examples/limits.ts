// Four limits around one dependency: each refuses in its own way, and a fallback answers in the place of what was refused.
import { setTimeout as sleep } from 'node:timers/promises';
import { bulkhead, fallback, isResilienceError, pipeline } from '@nines/resilience';
import { adaptiveThrottle, rateLimit } from '@nines/resilience/throttle';

const inventory = pipeline('inventory', [
  fallback(({ error, kind }) => `from the cache (${isResilienceError(error) ? error.code : kind})`),
  adaptiveThrottle({ k: 2 }),
  bulkhead({ maxConcurrent: 2, maxQueue: 1, maxWaitMs: 200 }),
  rateLimit({ permitsPerSecond: 100, burst: 3 }),
]);
const ask = async (): Promise<string> => {
  await sleep(20);
  return 'fresh';
};

console.log(await Promise.all([1, 2, 3, 4].map(() => inventory.execute(ask))));
console.log(await inventory.execute(ask));
for (const policy of inventory.snapshot().policies.slice(1)) console.log(policy);
