// The dependency fails, the circuit opens, calls are refused at once; later a probe closes it.
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';

let healthy = false;
const ask = () => (healthy ? Promise.resolve('stock') : Promise.reject(new Error('down')));

const inventory = pipeline('inventory', [opossum({ minimumCalls: 3, openMs: 100 })]);
inventory.subscribe((event) => {
  if (event.type === 'transition') console.log(`circuit: ${event.from} → ${event.to}`);
});

for (let i = 1; i <= 5; i++) console.log(`call ${i}:`, (await inventory.executeOutcome(ask)).kind);
healthy = true;
await sleep(120);
console.log('later:', await inventory.execute(ask));
