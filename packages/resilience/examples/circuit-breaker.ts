// The dependency fails, the circuit opens, calls are refused at once; later a probe closes it. Then it is isolated by hand.
import { setTimeout as sleep } from 'node:timers/promises';
import { circuitBreaker, fixed, pipeline } from '@nines/resilience';

let healthy = false;
const ask = () => (healthy ? Promise.resolve('stock') : Promise.reject(new Error('down')));

const inventory = pipeline('inventory', [circuitBreaker({ minimumCalls: 3, open: fixed(100), halfOpen: { permits: 1 } })]);
inventory.subscribe((event) => {
  if (event.type === 'transition') console.log(`circuit: ${event.from} → ${event.to}`);
});

for (let i = 1; i <= 5; i++) console.log(`call ${i}:`, (await inventory.executeOutcome(ask)).kind);
healthy = true;
await sleep(120);
console.log('later:', await inventory.execute(ask));
inventory.breaker?.isolate();
console.log('isolated:', (await inventory.executeOutcome(ask)).kind);
