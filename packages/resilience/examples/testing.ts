// A minute of load on a server that loses half of its workers, in simulated time.
import { pipeline, timeout } from '@nines/resilience';
import { simulation } from '@nines/resilience/testing';

const world = simulation({ seed: 1 });
const server = world.server({ workers: 10, serviceMs: 50 });
const calls = pipeline('server', [timeout({ attemptMs: 500 })], { clock: world.clock, random: world.random });
const load = world.load({ perSecond: 150, call: () => calls.executeOutcome((ctx) => server.call(ctx.signal)) });

await world.run(30_000);
console.log('healthy:', load.stats.failed, 'failed, median', load.quantileMs(0.5), 'ms');
server.workers = 5;
await world.run(30_000);
const { completed, wasted } = server.stats;
console.log('halved:', load.stats.failed > 0, 'and the server works for callers who left:', wasted > 0, completed > wasted);
