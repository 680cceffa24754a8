import { QueueError } from './errors.ts';
import { refuse, refuseUnknown, checkWhole, type ResolvedQueueOptions } from './options.ts';
import { partitionOf } from './partition.ts';

/** What keeps a second job out. */
export interface Deduplicate {
  /** 1 to 128 visible ASCII characters; hash what is longer. */
  readonly key: string;
  /**
   * How long the key is remembered from the enqueue on, in milliseconds, whatever becomes of the job; 1 to 31 622 400 000.
   * Default: as long as the job waits, is delayed or runs.
   */
  readonly ttlMs?: number;
}

const YEAR_MS = 31_622_400_000;

/** @throws {QueueError} `INVALID_OPTION`. */
export function checkDeduplicate(deduplicate: Deduplicate): void {
  if (typeof deduplicate !== 'object' || deduplicate === null) refuse('deduplicate', deduplicate, '{ key, ttlMs? }');
  refuseUnknown(deduplicate, ['key', 'ttlMs'], 'deduplicate');
  const { key, ttlMs } = deduplicate;
  if (typeof key !== 'string' || !/^[\u0021-\u007e]{1,128}$/.test(key)) {
    refuse('deduplicate.key', key, '1 to 128 visible ASCII characters');
  }
  if (ttlMs !== undefined) checkWhole('deduplicate.ttlMs', ttlMs, 1, YEAR_MS);
}

/**
 * A job goes to the partition of its key, where the key is looked up, and its id must belong there too.
 *
 * @throws {QueueError} `INVALID_OPTION` that names both.
 */
export function refuseApartFromKey(id: string, key: string, { name, partitions }: ResolvedQueueOptions): void {
  const [ofId, ofKey] = [partitionOf(id, partitions), partitionOf(key, partitions)];
  if (ofId === ofKey) return;
  throw new QueueError(
    'INVALID_OPTION',
    `id ${JSON.stringify(id)} belongs to partition ${ofId} of queue ${name} and deduplicate.key ${JSON.stringify(key)} to partition ${ofKey}: leave the id to the queue`,
  );
}

/**
 * With partitions a group and a key each say where a job belongs, so a job has one of them.
 *
 * @throws {QueueError} `INVALID_OPTION` that names both.
 */
export function refuseKeyInGroup(groupId: string, key: string, { name, partitions }: ResolvedQueueOptions): void {
  if (partitions === 1) return;
  throw new QueueError(
    'INVALID_OPTION',
    `deduplicate (key ${JSON.stringify(key)}) must be left out of a job that has a groupId (${JSON.stringify(groupId)}) in queue ${name} with ${partitions} partitions: each says where the job belongs`,
  );
}
