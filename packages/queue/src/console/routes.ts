import type { IncomingMessage, ServerResponse } from 'node:http';
import { isQueueError, type Inspector } from '@nines/queue';
import { accessOf, demand, type Access, type ConsoleAuthorize } from './access.ts';
import { ACTIONS, isAction } from './actions.ts';
import { sendJson, sendText } from './answer.ts';
import { assets } from './assets.gen.ts';
import { failureOf, type Board } from './board.ts';
import { readJsonObject } from './body.ts';
import { ConsoleRefusal, STATUS } from './errors.ts';
import { listJobs, showJob } from './jobs.ts';
import { locate } from './location.ts';
import { demandSameOrigin } from './origin.ts';
import type { Action, ActionReply, ConsoleState } from './protocol.ts';
import { one } from './request-values.ts';

/** Something that was done by a visitor, for an audit log. */
export interface ConsoleActionRecord {
  readonly action: 'redrive' | 'purge' | 'pause' | 'resume';
  /** Name of the queue; `<namespace>/<name>` outside of the namespace `default`. */
  readonly queue: string;
  /** The dead letters that were redriven or purged. */
  readonly ids: readonly string[];
  /** Who asked is told by what your authentication put there. */
  readonly request: IncomingMessage;
}

/** What the routes work with. */
export interface ConsoleParts {
  readonly inspectors: ReadonlyMap<string, Inspector<unknown>>;
  readonly board: Board;
  readonly authorize: ConsoleAuthorize | undefined;
  readonly basePath: string | undefined;
  readonly home: ConsoleState['home'];
  readonly refreshMs: number;
  readonly onAction: (record: ConsoleActionRecord) => void;
  readonly onError: (error: unknown) => void;
  readonly isClosed: () => boolean;
}

const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' } as const;

/** Answers one request; never rejects. */
export async function answer(parts: ConsoleParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await route(parts, request, response);
  } catch (error) {
    if (error instanceof ConsoleRefusal) {
      const { code, message, headers } = error;
      return sendJson(response, STATUS[code], { error: { code, message } }, headers);
    }
    if (!isQueueError(error)) parts.onError(error);
    const refused = isQueueError(error) && error.code === 'INVALID_OPTION';
    sendJson(response, refused ? 400 : isQueueError(error) && error.retryable ? 503 : 500, { error: failureOf(error) });
  }
}

async function route(parts: ConsoleParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (parts.isClosed()) throw new ConsoleRefusal('CONSOLE_CLOSED', 'this console is closed');
  const location = locate(request, parts.basePath);
  if (location === undefined) throw new ConsoleRefusal('CONSOLE_NOT_FOUND', 'the console is not here: check its basePath');
  const { path, lastOfBase, query } = location;
  const access = await accessOf(request, parts.authorize, parts.onError);
  // With a dot in front, for a base such as `https:elsewhere` would be an address of its own.
  if (path === undefined) return sendText(response, 302, 'text/plain', '', { location: `./${lastOfBase}/` });
  const action = path.replace(/^api\//, '');
  if (path !== action && isAction(action)) return sendJson(response, 200, await act(parts, request, access, action));
  const asset = path === '' ? 'index.html' : path;
  const known = Object.hasOwn(assets, asset) || /^api\/(state|jobs|job)$/.test(path);
  if (!known) throw new ConsoleRefusal('CONSOLE_NOT_FOUND', 'the console has no such path');
  demandMethod(request, ['GET', 'HEAD']);
  if (!path.startsWith('api/')) return sendAsset(response, asset as keyof typeof assets);
  sendJson(response, 200, await ask(parts, access, action, query));
}

function sendAsset(response: ServerResponse, asset: keyof typeof assets): void {
  const type = TYPES[asset.slice(asset.lastIndexOf('.') + 1) as keyof typeof TYPES];
  sendText(response, 200, `${type}; charset=utf-8`, assets[asset]);
}

async function ask(parts: ConsoleParts, access: Access, what: string, query: URLSearchParams): Promise<unknown> {
  if (what === 'state') {
    const queues = await parts.board.read();
    return { role: access.role, home: parts.home, refreshMs: parts.refreshMs, queues } satisfies ConsoleState;
  }
  demand(access, 'read');
  const inspector = inspectorOf(parts, one(query, 'queue'));
  return what === 'jobs' ? listJobs(inspector, query) : showJob(inspector, query, access);
}

async function act(parts: ConsoleParts, request: IncomingMessage, access: Access, action: Action): Promise<ActionReply> {
  demandMethod(request, ['POST']);
  demandSameOrigin(request);
  demand(access, 'operate');
  const body = await readJsonObject(request);
  const queue = body['queue'];
  const ids = await ACTIONS[action](inspectorOf(parts, queue), body);
  parts.board.forget();
  tell(parts, { action, queue: queue as string, ids, request });
  return { jobs: ids.length };
}

/** It is done, so a log that fails does not make it a failure. */
function tell({ onAction, onError }: ConsoleParts, record: ConsoleActionRecord): void {
  try {
    onAction(record);
  } catch (error) {
    onError(error);
  }
}

function inspectorOf({ inspectors }: ConsoleParts, key: unknown): Inspector<unknown> {
  const inspector = typeof key === 'string' ? inspectors.get(key) : undefined;
  if (inspector === undefined) throw new ConsoleRefusal('CONSOLE_UNKNOWN_QUEUE', 'this console has no such queue');
  return inspector;
}

function demandMethod({ method = 'GET' }: IncomingMessage, allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  throw new ConsoleRefusal('CONSOLE_METHOD_NOT_ALLOWED', `only ${allowed.join(', ')}`, { allow: allowed.join(', ') });
}
