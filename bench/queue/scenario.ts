import type { Redis } from 'ioredis';
import type { Goal, Row } from '../summary.ts';
import type { PeerName } from './peer.ts';

/** One figure of a scenario; `key` is its name in what {@link Scenario.run} resolves to. */
export interface Metric {
  readonly key: string;
  readonly what: string;
  readonly better: Row['better'];
  readonly goal?: Goal;
}

/** A Redis of our own that nobody else uses during a run. */
export interface Ground {
  readonly url: string;
  readonly admin: Redis;
  /** True for a look whether everything runs; its figures mean little. */
  readonly quick: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly peers: readonly PeerName[];
  readonly metrics: readonly Metric[];
  /** Arguments of the Redis server; default none. */
  readonly redis?: readonly string[];
  /** True where time passes and the processor does not matter: all runs go at once, each with a Redis of its own. */
  readonly together?: boolean;
  /** Done once before the first run. */
  prepare?(ground: Ground): Promise<void>;
  run(peer: PeerName, ground: Ground): Promise<Readonly<Record<string, number>>>;
}

/** So many jobs, or a twentieth for a quick look. */
export function amount({ quick }: Ground, jobs: number): number {
  return quick ? Math.max(200, Math.round(jobs / 20)) : jobs;
}
