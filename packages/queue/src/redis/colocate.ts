import type { QueueError } from '../errors.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import { refuseApart } from '../store.ts';
import type { Connection } from './connection.ts';
import { queueKeys } from './keys.ts';
import { createOpen } from './open.ts';

interface ColocationOptions {
  readonly queue: ResolvedQueueOptions;
  readonly connection: Connection;
  readonly timeoutMs: number;
}

/**
 * Makes the function that checks once for each other queue whether one script can reach its keys and this queue's:
 * those of the partition that has this one's number.
 */
export function createColocation({ queue, connection, timeoutMs }: ColocationOptions): (target: ResolvedQueueOptions) => Promise<void> {
  const opened = new Map<string, () => Promise<readonly QueueError[]>>();
  return async (target) => {
    refuseApart(queue, target);
    const open = opened.get(target.name) ?? createOpen({ queue: target, connection, keys: queueKeys(target), timeoutMs });
    opened.set(target.name, open);
    await open();
  };
}
