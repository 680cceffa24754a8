import { QueueError } from '../errors.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import { refusePartitions } from '../store.ts';
import type { Connection } from './connection.ts';
import { LAYOUT, queueKeys, type KeyName } from './keys.ts';
import { runScript } from './script.ts';
import { open } from './scripts.gen.ts';
import { checkServer, readServer } from './server.ts';

interface OpenOptions {
  readonly queue: ResolvedQueueOptions;
  readonly connection: Connection;
  readonly keys: Readonly<Record<KeyName, string>>;
  readonly timeoutMs: number;
}

/** Makes the function that waits for Redis and checks that queue and server can be used; resolves to warnings. */
export function createOpen({ queue, connection, keys, timeoutMs }: OpenOptions): () => Promise<readonly QueueError[]> {
  let opening: Promise<readonly QueueError[]> | undefined;
  const checkMeta = async (of: Readonly<Record<KeyName, string>>) => {
    const there = (await runScript(connection.command, open, of, [LAYOUT, queue.partitions])) as Buffer[];
    checkLayout(queue.name, String(there[0]));
    refusePartitions(queue, Number(there[1]));
  };
  const check = async () => {
    // Every number of partitions has a partition 0, so a wrong number is found there.
    if (queue.partition > 0) await checkMeta(queueKeys({ ...queue, partition: 0 }));
    await checkMeta(keys);
    return checkServer(queue, await readServer(connection.command, keys));
  };
  // Everybody waits for the same attempt; a failed one is forgotten, so that the next call tries again.
  return () =>
    (opening ??= connection.reach(check, timeoutMs).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
}

function checkLayout(queue: string, layout: string): void {
  if (layout === LAYOUT) return;
  throw new QueueError('LAYOUT_MISMATCH', `queue ${queue} has Redis layout ${layout}; this release reads layout ${LAYOUT}`);
}
