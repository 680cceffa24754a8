import { randomFillSync } from 'node:crypto';
import { refuse } from './options.ts';
import { partitionOf } from './partition.ts';

const pool = Buffer.alloc(16_384);
let used = pool.length;

/**
 * A new job id: 22 base64url characters of a version 7 UUID (RFC 9562), so that ids sort by the millisecond they were made in.
 * Ids need not be secret; they need to be unique, which 74 random bits give.
 */
export function newId(wallMs: number): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + 16);
  used += 16;
  bytes.writeUIntBE(wallMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('base64url');
}

/** A new id that belongs to a partition: the first that does, so in the mean as many are made as there are partitions. */
export function newIdOf(partition: number, partitions: number, wallMs: number): string {
  for (;;) {
    const id = newId(wallMs);
    if (partitionOf(id, partitions) === partition) return id;
  }
}

/** Whether this is 1 to 128 visible ASCII characters. */
export function isJobId(id: unknown): id is string {
  return typeof id === 'string' && /^[\u0021-\u007e]{1,128}$/.test(id);
}

/** @throws {QueueError} `INVALID_OPTION` unless the id is 1 to 128 visible ASCII characters. */
export function checkId(id: unknown, option = 'id'): void {
  if (!isJobId(id)) refuse(option, id, '1 to 128 visible ASCII characters');
}
