import CircuitBreaker from 'opossum';
import pRetryPlain from 'p-retry';
import { Registry } from 'prom-client';
import { instrument } from '@nines/resilience/opossum';
import { instrument as instrumentRetry } from '@nines/resilience/p-retry';
import { prometheus } from '@nines/resilience/prometheus';

// A service that has an opossum breaker and calls of p-retry, and shall keep them.
const registry = new Registry();
const metrics = prometheus(registry);
const breaker = new CircuitBreaker(async (id: number) => (id > 0 ? `item ${id}` : Promise.reject(new Error('no such item'))), {
  name: 'inventory',
  volumeThreshold: 10,
});
instrument(breaker, { metrics });
const pRetry = instrumentRetry(pRetryPlain, { name: 'prices', metrics });

console.log(await breaker.fire(7)); // item 7
await breaker.fire(-1).catch(() => {});
const price = await pRetry((attempt) => (attempt === 2 ? 42 : Promise.reject(new Error('down'))), { retries: 2, minTimeout: 1 });
console.log(price); // 42
const counted = [...(await registry.metrics()).matchAll(/^resilience_attempts_total.* [1-9]\d*$/gm)];
console.log(counted.length); // 4
breaker.shutdown();
