export { FakeClock } from './testing/fake-clock.ts';
export type { FakeClockOptions } from './testing/fake-clock.ts';
export { flaky } from './testing/flaky.ts';
export type { Flaky } from './testing/flaky.ts';
export type { SimulatedLoad, SimulatedLoadOptions, SimulatedLoadStats } from './testing/load.ts';
export { seededRandom } from './testing/random.ts';
export type { SimulatedHealth, SimulatedServer, SimulatedServerOptions, SimulatedServerStats, SimulatedTime } from './testing/server.ts';
export { simulation } from './testing/simulation.ts';
export type { Simulation, SimulationOptions } from './testing/simulation.ts';
