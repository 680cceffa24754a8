import { createRequire } from 'node:module';
import { join } from 'node:path';
import { failRedisSpan, startRedisSpan } from './redis-span.ts';

/** A command of ioredis 5. */
interface Command {
  readonly name: string;
  readonly promise: Promise<unknown>;
  /** Set by us: a command that waits for a connection is sent a second time. */
  [traced]?: true;
}

interface Client {
  readonly options?: { readonly host?: string; readonly port?: number; readonly db?: number };
  sendCommand: (this: Client, command: Command, ...rest: unknown[]) => unknown;
}

const traced: unique symbol = Symbol('traced');

/** ioredis 5 of the program, if it has one: looked up from where the program is, as its own `import` would. */
function findClient(main: string | undefined): { readonly prototype: Client } | undefined {
  const require = createRequire(main ?? join(process.cwd(), 'index.js'));
  try {
    const { version } = require('ioredis/package.json') as { version: string };
    return version.startsWith('5.') ? (require('ioredis') as { prototype: Client }) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes a span of each command of ioredis 5, which publishes nothing, by a patch of its class: every ES module and CommonJS file shares that
 * class, also one that imported it before. A bundle has a copy of its own, which nothing outside can reach.
 *
 * @returns a function that takes the patch off.
 */
export function patchRedis(main: string | undefined): () => void {
  const client = findClient(main);
  if (client === undefined) return () => undefined;
  const { prototype } = client;
  const { sendCommand } = prototype;
  prototype.sendCommand = function send(this: Client, command: Command, ...rest: unknown[]): unknown {
    if (command[traced] === true) return sendCommand.call(this, command, ...rest);
    command[traced] = true;
    const { host, port, db } = this.options ?? {};
    const span = startRedisSpan({ name: command.name, database: db, address: host, port });
    if (span === undefined) return sendCommand.call(this, command, ...rest);
    command.promise.then(
      () => span.end(),
      (error: unknown) => {
        failRedisSpan(span, error);
        span.end();
      },
    );
    return sendCommand.call(this, command, ...rest);
  };
  return () => {
    prototype.sendCommand = sendCommand;
  };
}
