import { Redis } from 'ioredis';
import type { Durability } from '@nines/queue';

/** Where the processes of a run find Redis. */
export type Server =
  | { readonly host: string; readonly port: number }
  | { readonly sentinels: readonly { readonly host: string; readonly port: number }[]; readonly name: string };

/** What a process of a run is told at its start. */
export interface ProcessOptions {
  /** Also the name of its history. */
  readonly name: string;
  readonly folder: string;
  readonly server: Server;
  readonly seed: number;
  readonly maxWaiting: number;
  /** What an enqueue waits for. */
  readonly durability: Durability;
  /** The jobs of a producer: `from` up to, without, `to`. */
  readonly from?: number;
  readonly to?: number;
}

/** Tries again soon: a run waits for every reconnection. */
export function connect(server: Server): Redis {
  const patience = { retryStrategy: () => 20, sentinelRetryStrategy: () => 20 };
  const redis =
    'host' in server ? new Redis({ ...patience, ...server }) : new Redis({ ...patience, ...server, sentinels: [...server.sentinels] });
  redis.on('error', () => {});
  return redis;
}
