// Faults in one of two attempts, gated by an error budget: retries hide them, and the gate ends the experiment.
import { fixed, pipeline } from '@nines/resilience';
import { chaos, fault, latency } from '@nines/resilience/chaos';
import { pRetry } from '@nines/resilience/p-retry';

let budget = 10;
const experiment = chaos({
  enabled: true,
  faults: [latency({ rate: 0.2, ms: 5 }), fault({ rate: 0.5, error: () => new Error('connection reset') })],
  allow: () => budget > 0,
  seed: 7,
});
const inventory = pipeline('inventory', [pRetry({ maxAttempts: 11, backoff: fixed(0) }), experiment]);
let attempts = 0;
inventory.subscribe((event) => {
  if (event.type === 'attempt') attempts += 1;
  if (event.type === 'injection' && event.kind === 'fault') budget -= 1;
});
for (let i = 0; i < 50; i++) await inventory.execute(() => 42);
console.log('50 calls succeeded with', attempts, 'attempts; budget left', budget);
