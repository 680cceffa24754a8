import type { Cluster } from 'ioredis';
import { QueueError } from '../errors.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import type { RedisClient } from './connection.ts';
import { redisError } from './failure.ts';
import { LAYOUT, type KeyName } from './keys.ts';
import type { Argument } from './script.ts';
import type { Script } from './scripts.gen.ts';

/** The command that waits, and how many acknowledgements it must count. */
export interface Wait {
  readonly command: readonly [name: string, ...numbers: number[]];
  readonly needed: number;
}

/** Undefined where nothing is waited for. */
export function waitOf({ durability, replicas, durabilityTimeoutMs }: ResolvedQueueOptions): Wait | undefined {
  if (durability === 'replicated') return { command: ['WAIT', replicas, durabilityTimeoutMs], needed: replicas };
  if (durability === 'fsync') return { command: ['WAITAOF', 1, 0, durabilityTimeoutMs], needed: 1 };
  return undefined;
}

export interface DurableCall<Key extends KeyName> {
  readonly client: RedisClient;
  readonly queue: ResolvedQueueOptions;
  readonly script: Script<Key>;
  readonly keys: Readonly<Record<KeyName, string>>;
  readonly args: readonly Argument[];
  readonly wait: Wait;
  /** Whether the script may have nothing to write, because an earlier call did, perhaps over another connection. */
  readonly touch: boolean;
}

/**
 * Runs a script and waits for its writes, in one pipeline: WAIT and WAITAOF count for the writes of their own connection.
 * They wait for the last one of those, so a script that only found its jobs there already is followed by a small write:
 * what was written before that, by whomever, is acknowledged with it.
 */
export async function runDurably<Key extends KeyName>(
  call: DurableCall<Key>,
): Promise<{ reply: unknown; undurable: QueueError | undefined }> {
  const { script } = call;
  const first = await pipelined(call, 'EVALSHA', script.sha);
  const { error, reply, acknowledged } =
    first.error?.message.startsWith('NOSCRIPT') === true ? await pipelined(call, 'EVAL', script.source) : first;
  if (error === undefined) return { reply, undurable: acknowledged >= call.wait.needed ? undefined : notDurable(call.queue, acknowledged) };
  // A pipeline follows no redirection once one of its commands was carried out elsewhere; the caller repeats the call.
  if (call.client.isCluster && error.message.startsWith('MOVED')) (call.client as Cluster).refreshSlotsCache(() => {});
  throw redisError(error, script.name, script.source);
}

interface Answer {
  readonly error: Error | undefined;
  readonly reply: unknown;
  readonly acknowledged: number;
}

async function pipelined<Key extends KeyName>(
  { client, script, keys, args, wait, touch }: DurableCall<Key>,
  how: string,
  what: string,
): Promise<Answer> {
  const pipeline = client.pipeline();
  pipeline.callBuffer(how, [what, script.keys.length, ...script.keys.map((key) => keys[key]), ...args]);
  if (touch) pipeline.call('HSET', [keys.meta, 'layout', LAYOUT]);
  const [name, ...numbers] = wait.command;
  pipeline.call(name, numbers);
  const answers = await pipeline.exec().catch((error: unknown) => Promise.reject(redisError(error, script.name)));
  const [error, reply] = answers?.[0] ?? [new Error('no answer'), null];
  const [waitError, waited] = answers?.at(-1) ?? [new Error('no answer'), null];
  return { error: error ?? waitError ?? undefined, reply, acknowledged: Number(Array.isArray(waited) ? waited[0] : waited) };
}

function notDurable({ name, durability, durabilityTimeoutMs, replicas }: ResolvedQueueOptions, acknowledged: number): QueueError {
  const missing = durability === 'fsync' ? 'the append-only file was not synced' : `${acknowledged} of ${replicas} replicas acknowledged`;
  return new QueueError(
    'DURABILITY_NOT_REACHED',
    `a job for queue ${name} is in Redis and may run, but ${missing} within durabilityTimeoutMs (${durabilityTimeoutMs} ms)`,
    { retryable: true, retryAfterMs: durabilityTimeoutMs },
  );
}
