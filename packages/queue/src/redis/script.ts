import type { RedisClient } from './connection.ts';
import type { KeyName } from './keys.ts';
import type { Script } from './scripts.gen.ts';
import { redisError } from './failure.ts';

export type Argument = string | number | Buffer;

/** Runs a script on the keys of one queue. */
export type RunScript = <Key extends KeyName>(script: Script<Key>, args: readonly Argument[]) => Promise<unknown>;

/** Runs a script by its digest; a server that does not know it (new, restarted, promoted) gets the source once. Replies are Buffers. */
export async function runScript<Key extends KeyName>(
  client: RedisClient,
  script: Script<Key>,
  keys: Readonly<Record<KeyName, string>>,
  args: readonly Argument[],
): Promise<unknown> {
  const rest = [script.keys.length, ...script.keys.map((key) => keys[key]), ...args];
  try {
    return await client.callBuffer('EVALSHA', [script.sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw redisError(error, script.name, script.source);
  }
  try {
    return await client.callBuffer('EVAL', [script.source, ...rest]);
  } catch (error) {
    throw redisError(error, script.name, script.source);
  }
}
