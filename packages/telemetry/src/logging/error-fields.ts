import { redisOperation } from '../redis-operation.ts';

/** Errors of an {@link AggregateError} that a line shows. */
const most = 10;

interface Told {
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * What Redis answers quotes what it was sent: keys, values, passwords. From the first quotation mark on it is left out, in the stack too.
 * Source: the messages of https://github.com/redis/redis, such as `ERR unknown command 'x', with args beginning with: 'secret'`.
 */
function withoutQuotes({ message, stack }: Told): Told {
  const start = message.search(/['"`]/u);
  if (start < 0) return { message, stack };
  const told = `${message.slice(0, start)}…`;
  return { message: told, stack: stack?.replace(message, () => told) };
}

/** The name of the command that a client of Redis puts on an error together with its arguments. */
function commandOf(error: Error): string | undefined {
  const { command } = error as { readonly command?: { readonly name?: unknown; readonly args?: unknown } };
  if (typeof command !== 'object' || command === null || !('args' in command)) return undefined;
  return redisOperation(String(command.name));
}

/**
 * An error as a line shows it: `type`, `message`, `stack`, then what its maker put on it, and its cause. Of a command of Redis that failed
 * the name alone.
 */
export function errorFields(error: Error): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const command = commandOf(error);
  const ofRedis = command !== undefined || name === 'ReplyError';
  return {
    type: error.constructor.name || name,
    ...(ofRedis ? withoutQuotes({ message, stack }) : { message, stack }),
    ...Object.fromEntries(Object.entries(error).filter(([key]) => !['message', 'stack', 'cause', 'errors'].includes(key))),
    ...(command === undefined ? {} : { command }),
    ...(cause === undefined ? {} : { cause }),
    ...(error instanceof AggregateError ? { errors: error.errors.slice(0, most) as unknown[] } : {}),
  };
}
