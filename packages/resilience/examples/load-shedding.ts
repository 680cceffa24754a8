// Three places and twice as many calls as they can serve: what matters more is served first.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Criticality, pipeline } from '@nines/resilience';
import { loadShedding } from '@nines/resilience/limit';

const inventory = pipeline('inventory', [loadShedding({ maxConcurrent: 3, maxQueue: 2, maxWaitMs: 500 })]);
const ask = async (criticality: Criticality): Promise<string> => {
  const outcome = await inventory.executeOutcome(() => sleep(20, 42), { criticality });
  return `${criticality}: ${outcome.ok ? 'served' : outcome.error instanceof Error ? outcome.error.message : 'lost'}`;
};

const levels: Criticality[] = ['sheddable', 'sheddable', 'sheddable', 'sheddable+', 'critical', 'critical+', 'critical'];
for (const line of await Promise.all(levels.map(ask))) console.log(line);
