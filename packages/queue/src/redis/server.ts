import { QueueError } from '../errors.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import type { RedisClient } from './connection.ts';
import { isUnanswered, redisError } from './failure.ts';
import type { KeyName } from './keys.ts';

/** Fields of INFO by name; undefined when this user may not read it. */
export type ServerFields = ReadonlyMap<string, string> | undefined;

/** Reads INFO of the node that has the queue: the pipeline takes it there. CONFIG is never called; managed Redis refuses it. */
export async function readServer(client: RedisClient, keys: Readonly<Record<KeyName, string>>): Promise<ServerFields> {
  const answers = await client
    .pipeline()
    .call('EXISTS', [keys.meta])
    .call('INFO')
    .exec()
    .catch((error: unknown) => Promise.reject(redisError(error, 'INFO')));
  const [error, info] = answers?.[1] ?? [new Error('no answer'), null];
  if (error !== null && isUnanswered(error)) throw redisError(error, 'INFO');
  if (error !== null) return undefined;
  return new Map([...String(info).matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/**
 * Refuses a server on which the queue cannot keep its promises; returns what its operator should know.
 *
 * @throws {QueueError} `EVICTION_POLICY`, `DURABILITY_UNSUPPORTED`.
 */
export function checkServer(queue: ResolvedQueueOptions, fields: ServerFields): readonly QueueError[] {
  const policy = fields?.get('maxmemory_policy') ?? '';
  if (policy.startsWith('allkeys-') && !queue.evictionAllowed) {
    throw new QueueError(
      'EVICTION_POLICY',
      `Redis has maxmemory-policy ${policy} and may drop jobs of queue ${queue.name}: set noeviction (or volatile-*), or evictionAllowed: true`,
    );
  }
  if (queue.durability === 'fsync') checkFsync(queue, fields);
  if (fields?.get('aof_enabled') !== '0') return [];
  return [
    new QueueError(
      'NOT_PERSISTENT',
      'Redis keeps no append-only file (aof_enabled:0): its crash loses the jobs since its last snapshot, and all of them if it takes none',
    ),
  ];
}

function checkFsync({ name }: ResolvedQueueOptions, fields: ServerFields): void {
  const refuse = (why: string): never => {
    throw new QueueError('DURABILITY_UNSUPPORTED', `queue ${name} has durability fsync, but ${why}`);
  };
  if (fields === undefined) refuse('INFO cannot be read, so nothing says whether Redis can wait for its disk');
  const [major = 0, minor = 0] = (fields?.get('redis_version') ?? '').split('.').map(Number);
  const version = fields?.get('redis_version') ?? 'unknown';
  if (major < 7 || (major === 7 && minor < 2)) refuse(`Redis ${version} has no WAITAOF; it needs Redis 7.2 or Valkey`);
  if (fields?.get('aof_enabled') !== '1') refuse('Redis keeps no append-only file: set appendonly yes');
}
