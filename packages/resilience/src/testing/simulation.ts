import { resolveOptions, wholeNumber } from '@nines/resilience';
import { FakeClock } from './fake-clock.ts';
import { SimulatedLoad, type SimulatedLoadOptions } from './load.ts';
import { seededRandom } from './random.ts';
import { SimulatedServer, type SimulatedServerOptions } from './server.ts';

/** Options of {@link simulation}. */
export interface SimulationOptions {
  /** The same seed gives the same run. A whole number from 0 to 2^32 − 1. */
  readonly seed: number;
}

/** Servers, clients and time of one simulated world. */
export interface Simulation {
  /** The seed; print it with what the simulation found. */
  readonly seed: number;
  /** Hand it to the pipelines of this world. */
  readonly clock: FakeClock;
  /** Hand it to the pipelines of this world. */
  readonly random: () => number;
  /**
   * Adds a server.
   *
   * @throws ResilienceError `INVALID_OPTION`
   */
  server(options: SimulatedServerOptions): SimulatedServer;
  /**
   * Adds a load, which begins with the next {@link Simulation.run}.
   *
   * @throws ResilienceError `INVALID_OPTION`
   */
  load(options: SimulatedLoadOptions): SimulatedLoad;
  /** Lets that many milliseconds pass in the simulated world, as fast as the machine can. */
  run(ms: number): Promise<void>;
}

/**
 * A discrete-event simulation: servers with workers and queues, loads that call them through real pipelines, and time that
 * passes as fast as events can be worked off. A storm, an overload or an outage of an hour becomes a test of some milliseconds,
 * with the same result for the same seed.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { pipeline, timeout } from '@nines/resilience';
 * import { simulation } from '@nines/resilience/testing';
 *
 * const world = simulation({ seed: 1 });
 * const server = world.server({ workers: 10, serviceMs: 50 });
 * const calls = pipeline('server', [timeout({ attemptMs: 500 })], { clock: world.clock, random: world.random });
 * const load = world.load({ perSecond: 100, call: () => calls.executeOutcome((ctx) => server.call(ctx.signal)) });
 * await world.run(10_000);
 * console.log(load.stats.failed, load.quantileMs(0.5)); // 0 50
 * ```
 */
export function simulation(options: SimulationOptions): Simulation {
  const { seed } = resolveOptions<SimulationOptions>('simulation', options, {}, { seed: wholeNumber(0, 4_294_967_295) });
  const clock = new FakeClock();
  const random = seededRandom(seed);
  return {
    seed,
    clock,
    random,
    server: (of) => new SimulatedServer(of, clock, random),
    load: (of) => new SimulatedLoad(of, clock, random),
    run: (ms) => clock.advance(ms),
  };
}
