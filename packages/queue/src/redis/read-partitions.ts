import type { ResolvedQueueOptions } from '../options.ts';
import type { Connection } from './connection.ts';
import { redisError } from './failure.ts';
import { queueKeys } from './keys.ts';

/** The number of partitions of a queue as Redis knows it, undefined where there is no such queue; unlike the opening of a store this makes none. */
export async function readPartitions(connection: Connection, queue: ResolvedQueueOptions, timeoutMs: number): Promise<number | undefined> {
  const { meta } = queueKeys(queue);
  const read = async () => {
    try {
      return await connection.command.hmget(meta, 'layout', 'partitions');
    } catch (error) {
      throw redisError(error, 'HMGET');
    }
  };
  const [layout, partitions] = await connection.reach(read, timeoutMs);
  return layout == null ? undefined : Number(partitions ?? 1);
}
