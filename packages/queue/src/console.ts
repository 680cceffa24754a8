import type { IncomingMessage, ServerResponse } from 'node:http';
import { createInspector, QueueError, type Backend, type Inspector, type Queue } from '@nines/queue';
import { systemClock } from './clock.ts';
import type { ConsoleAuthorize } from './console/access.ts';
import { Board } from './console/board.ts';
import { answer, type ConsoleActionRecord } from './console/routes.ts';

export type { ConsoleAccess, ConsoleAuthorize } from './console/access.ts';
export type { ConsoleErrorCode } from './console/errors.ts';
export type { ConsoleActionRecord } from './console/routes.ts';

/** Where a console's link to the page around it leads. */
export interface ConsoleHome {
  /** A path on the same server, such as `/`. */
  readonly href: string;
  /** What the link says, 1 to 64 characters. */
  readonly title: string;
}

/** Options of a console besides where its jobs are. */
export interface ConsoleSettings {
  /**
   * Who may see and do what; asked at every request. Without it everybody who reaches the console sees figures only: no job, no error, no
   * payload, no action. Let your own authentication run before, and judge here what it found.
   */
  readonly authorize?: ConsoleAuthorize;
  /** The path below which the console is, such as `/queues`. Default: where Express (or Nest on it) mounted it, elsewhere `/`. */
  readonly basePath?: string;
  /** The page that the console is a part of: a link to it stands above the queues. Default: none. */
  readonly home?: ConsoleHome;
  /** How often a page asks for new figures, in ms; Redis is asked once in that time however many pages are open. Default 2000, from 500 to 60 000. */
  readonly refreshMs?: number;
  /** Told of everything that was changed, for an audit log. Default: nobody. */
  readonly onAction?: (record: ConsoleActionRecord) => void;
  /** Told of what `authorize` threw, and of faults inside the console. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

/** Options of {@link queueConsole}. */
export type ConsoleOptions = Backend & ConsoleSettings;

/** A console; made by {@link queueConsole}. Hand it to `node:http` or mount it in a framework; it answers every request that it is given. */
export interface QueueConsole {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Gives the connections back; later requests are refused with `CONSOLE_CLOSED`. */
  close(): Promise<void>;
  /** Closes; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const KNOWN: readonly string[] = ['redis', 'store', 'authorize', 'basePath', 'home', 'refreshMs', 'onAction', 'onError'];

/**
 * A page that shows queues as they are now, and lets those whom `authorize` names look at jobs, redrive and purge dead letters, pause and
 * resume. One handler for `node:http`, Express, Fastify and Nest; without dependencies, without a build, and its page loads nothing from elsewhere.
 *
 * Redis is asked for figures while somebody looks, and not otherwise.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { defineQueue } from '@nines/queue';
 * import { queueConsole } from '@nines/queue/console';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * const handler = queueConsole([orders], { store: memoryStore() });
 * const server = createServer(handler).listen(0);
 * server.close();
 * await handler.close();
 * ```
 */
export function queueConsole(queues: readonly Queue<unknown>[], options: ConsoleOptions): QueueConsole {
  const { authorize, basePath, home, refreshMs, onAction, onError } = resolved(options);
  const backend = (options.store === undefined ? { redis: options.redis } : { store: options.store }) as Backend;
  const inspectors = inspectorsOf(queues, backend);
  const board = new Board(inspectors, systemClock, refreshMs);
  let closed: Promise<void> | undefined;
  const isClosed = () => closed !== undefined;
  const close = () => (closed ??= closeAll([...inspectors.values()]));
  const parts = { inspectors, board, authorize, basePath, home, refreshMs, onAction, onError: harmless(onError), isClosed };
  const handler = (request: IncomingMessage, response: ServerResponse) => void answer(parts, request, response);
  return Object.assign(handler, { close, [Symbol.asyncDispose]: close });
}

function resolved(options: ConsoleOptions) {
  const unknown = Object.keys(options).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) {
    throw new QueueError('INVALID_OPTION', `queueConsole has no option ${unknown}; it has ${KNOWN.toSorted().join(', ')}`);
  }
  const { authorize, basePath, home, refreshMs = 2000, onAction = () => {}, onError = () => {} } = options;
  if (!Number.isInteger(refreshMs) || refreshMs < 500 || refreshMs > 60_000) {
    refuse('refreshMs', 'a whole number from 500 to 60000', String(refreshMs));
  }
  for (const [name, value] of Object.entries({ authorize: authorize ?? onError, onAction, onError })) {
    if (typeof value !== 'function') refuse(name, 'a function', typeof value);
  }
  if (basePath !== undefined && !(typeof basePath === 'string' && /^\/[^?#\s]*$/.test(basePath))) {
    refuse('basePath', 'a path that begins with /', JSON.stringify(basePath));
  }
  if (home !== undefined && !isHome(home))
    refuse('home', '{ href: a path that begins with one /, title: 1 to 64 characters }', JSON.stringify(home));
  return { authorize, basePath: basePath?.replace(/\/+$/, ''), home, refreshMs, onAction, onError };
}

/** Only a path: a link to elsewhere, or to a script, is no way home. */
function isHome(home: unknown): home is ConsoleHome {
  const { href, title } = (home ?? {}) as Partial<Record<string, unknown>>;
  const isPath = typeof href === 'string' && /^\/(?![/\\])[^\s\\]*$/.test(href);
  return isPath && typeof title === 'string' && title.trim() !== '' && title.length <= 64;
}

function inspectorsOf(queues: readonly Queue<unknown>[], backend: Backend): ReadonlyMap<string, Inspector<unknown>> {
  if (!Array.isArray(queues) || queues.length === 0) refuse('queues', 'a list of at least one queue', JSON.stringify(queues));
  const keys = queues.map(keyOf);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) refuse('queues', 'a list without repetitions', `${twice} twice`);
  return new Map(queues.map((queue, at) => [keys[at]!, createInspector(queue, backend)]));
}

function keyOf({ name, options }: Queue<unknown>): string {
  return options.namespace === 'default' ? name : `${options.namespace}/${name}`;
}

/** A request is answered whatever becomes of a report about it. */
function harmless(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      report(error);
    } catch {
      // There is nobody left to tell.
    }
  };
}

async function closeAll(inspectors: readonly Inspector<unknown>[]): Promise<void> {
  await Promise.all(inspectors.map((inspector) => inspector.close()));
}

function refuse(option: string, allowed: string, got: string): never {
  throw new QueueError('INVALID_OPTION', `${option} must be ${allowed}, got ${got}`);
}
