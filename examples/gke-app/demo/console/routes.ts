import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Inspector } from '@nines/queue';
import type { QueueConsole } from '@nines/queue/console';
import type { Delivery } from '../../src/queue.ts';
import type { ChaosSwitch } from '../chaos-switch.ts';
import { isLoopbackHost, isSameOrigin, type Access } from './access.ts';
import { flip, redrive } from './actions.ts';
import { HEADERS, readJson, refuse, Refused, sendJson, sendText } from './answer.ts';
import type { Happenings } from './happenings.ts';
import type { PageFile } from './page-files.ts';
import type { Greeting, TraceFilter } from './protocol.ts';
import type { TraceStore } from './trace-store.ts';
import type { Viewers } from './viewers.ts';

/** What the routes work with. */
export interface Parts {
  readonly access: Access;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly viewers: Viewers;
  readonly greeting: () => Greeting;
  readonly inspector: Inspector<Delivery>;
  readonly switches: readonly ChaosSwitch[];
  readonly happenings: Happenings;
  readonly traces: TraceStore;
  readonly queues: QueueConsole;
  readonly queuesPath: string;
}

const FILTERS: readonly TraceFilter[] = ['newest', 'troubled', 'slowest'];
const TRACES_SHOWN = 10;

/** Answers one request; never rejects. */
export async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (!isLoopbackHost(request.headers.host)) throw new Refused(421, 'this console answers to 127.0.0.1 and localhost only');
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://console');
    if (pathname === '/login') return logIn(parts, request, response, searchParams);
    const proof = parts.access.proof(request);
    if (proof === undefined) throw new Refused(401, 'open the console with the address that the demo printed: it holds the token');
    const own = proof === 'bearer' || isSameOrigin(request);
    if (request.method === 'POST' && !own) throw new Refused(403, 'only the page of this console may change anything');
    if (pathname === parts.queuesPath || pathname.startsWith(`${parts.queuesPath}/`)) return parts.queues(request, response);
    await (request.method === 'POST' ? act(parts, request, response, pathname) : show(parts, request, response, pathname, searchParams));
  } catch (error) {
    refuse(response, error);
  }
}

function logIn({ access }: Parts, request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
  if (request.method !== 'GET') throw new Refused(405, 'this address allows GET');
  if (!access.opens(query.get('token') ?? ''))
    throw new Refused(401, 'this is not the token of this console: the demo makes a new one at every start');
  sendText(response, 303, 'text/plain', '', { location: '/', 'set-cookie': access.cookie(request) });
}

async function act(parts: Parts, request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
  const body = await readJson(request);
  if (pathname === '/api/switch') return sendJson(response, 200, await flip(parts, body));
  if (pathname === '/api/redrive') return sendJson(response, 200, await redrive(parts, body));
  throw new Refused(404, 'there is nothing to change here');
}

async function show(parts: Parts, request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refused(405, 'this address allows GET');
  const file = parts.files.get(path);
  if (file !== undefined) return sendText(response, 200, file.type, file.text);
  if (path === '/api/stream') return stream(parts, response);
  if (path === '/api/traces') return sendJson(response, 200, parts.traces.recent(filterOf(query.get('show')), TRACES_SHOWN));
  if (path !== '/api/trace') throw new Refused(404, 'the console has no such page');
  const trace = parts.traces.trace(query.get('id') ?? '');
  if (trace === undefined) throw new Refused(404, 'this trace is not kept: it is too old, or its spans are still on their way');
  sendJson(response, 200, trace);
}

function stream({ viewers, greeting }: Parts, response: ServerResponse): void {
  if (viewers.full) throw new Refused(503, 'too many pages of this console are open: close one');
  viewers.add(response, HEADERS, greeting());
}

function filterOf(value: string | null): TraceFilter {
  const filter = FILTERS.find((one) => one === value);
  if (filter === undefined) throw new Refused(400, `show must be one of: ${FILTERS.join(', ')}`);
  return filter;
}
