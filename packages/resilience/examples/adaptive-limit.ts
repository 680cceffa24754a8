// A server that loses half of its workers under twice its load: the limit follows, in simulated time.
import { pipeline } from '@nines/resilience';
import { adaptiveLimit } from '@nines/resilience/limit';
import { simulation } from '@nines/resilience/testing';

const world = simulation({ seed: 1 });
const server = world.server({ workers: 50, serviceMs: (random) => 20 + 40 * random() });
const calls = pipeline('server', [adaptiveLimit({ algorithm: 'gradient' })], { clock: world.clock, random: world.random });
world.load({ perSecond: 2_500, call: () => calls.executeOutcome(() => server.call()) });

const limit = (): number => calls.snapshot().policies[0]?.limiter?.limit ?? 0;
console.log('at the start', limit()); // at the start 20
await world.run(10_000);
console.log('between 60 and 100 for 50 workers:', limit() > 60 && limit() < 100); // between 60 and 100 for 50 workers: true
server.workers = 25;
await world.run(5_000);
console.log('between 30 and 60 for 25 workers:', limit() > 30 && limit() < 60); // between 30 and 60 for 25 workers: true
