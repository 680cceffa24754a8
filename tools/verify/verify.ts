import { randomBytes } from 'node:crypto';
import { toldOf } from './log.ts';
import { countBefore, seriesFound, traceFound, type Signals } from './signals.ts';
import { SERVICES, type Part, type Service, type Target, type Door } from './target.ts';
import { until } from './until.ts';

/** One assertion, as a row of the table. */
export interface Row {
  readonly check: string;
  /** `not asked` is no failure: nobody said where to ask. */
  readonly outcome: 'ok' | 'failed' | 'not tried' | 'not asked';
  readonly detail: string;
}

export interface VerifyOptions {
  /** Undefined: `receiver`, or else the only one that the api knows. */
  readonly destination: string | undefined;
  readonly timeoutMs: number;
  /** Where what the event left behind is asked for. */
  readonly signals: Signals;
  readonly say: (line: string) => void;
}

const DELIVERY_MAX_MS = 120_000;
const LOG_MAX_MS = 30_000;
/** Once something is not ready, the rest is tried, but not waited for. */
const AFTER_FAILURE_MAX_MS = 5000;

/** All parts ready, one event accepted and delivered, its one trace id in the logs of both services, its trace and its series found. */
export async function verify(target: Target, options: VerifyOptions): Promise<readonly Row[]> {
  const { parts } = target;
  const ready = await allReady(target, options);
  const timeoutMs = ready.outcome === 'ok' ? options.timeoutMs : Math.min(options.timeoutMs, AFTER_FAILURE_MAX_MS);
  const rows: Row[] = [{ check: `all ${parts} are ready`, ...ready }];
  const door = await target.open().catch((error: Error) => error);
  if (door instanceof Error) return [...rows, failed('one event is accepted', door.message), ...notTried(1)];
  try {
    rows.push(...(await oneEvent(target, door, { ...options, timeoutMs })));
  } finally {
    door.close();
  }
  return rows;
}

const TRACE = 'its trace is found';
const SERIES = 'its series is found';
/** What is asserted of one event, in order. */
export const CHECKS: readonly string[] = [
  'one event is accepted',
  'it is delivered',
  ...SERVICES.map((service) => `the ${service} logged it`),
  'it is one trace',
  TRACE,
  SERIES,
];

function notTried(from: number): Row[] {
  return CHECKS.slice(from).map((check) => ({ check, outcome: 'not tried', detail: '' }));
}

function failed(check: string, detail: string): Row {
  return { check, outcome: 'failed', detail };
}

async function allReady(target: Target, { timeoutMs, say }: VerifyOptions): Promise<Omit<Row, 'check'>> {
  let all: readonly Part[] = [];
  let said = '';
  let trouble: string | undefined;
  const done = await until(timeoutMs, async () => {
    // While a deployment rolls out, one question without an answer is no verdict.
    const looked = await target.look().catch((error: Error) => error);
    trouble = looked instanceof Error ? looked.message : undefined;
    all = looked instanceof Error ? [] : looked;
    const progress = trouble ?? `${target.parts} ready: ${readyOf(all)}${waitingOf(all)}`;
    if (progress !== said) say(progress);
    said = progress;
    return all.length > 0 && all.every(({ ready }) => ready);
  });
  if (done) return { outcome: 'ok', detail: readyOf(all) };
  const detail = all.length === 0 ? `there are no ${target.parts}` : `${readyOf(all)}${waitingOf(all)}`;
  return { outcome: 'failed', detail: trouble ?? detail };
}

function readyOf(all: readonly Part[]): string {
  return `${all.filter(({ ready }) => ready).length} of ${all.length}`;
}

function waitingOf(all: readonly Part[]): string {
  const waiting = all.filter(({ ready }) => !ready).map(({ name, reason }) => `${name}: ${reason ?? 'not ready'}`);
  return waiting.length === 0 ? '' : `; ${waiting.join('; ')}`;
}

async function oneEvent(target: Target, door: Door, options: VerifyOptions): Promise<Row[]> {
  const before = await countBefore(options.signals);
  const sent = await send(door, options.destination).catch((error: Error) => error);
  if (sent instanceof Error) return [failed('one event is accepted', sent.message), ...notTried(1)];
  const { id } = sent;
  options.say(`accepted: ${id}`);
  const { row, traceId } = await delivered(door, sent.statusUrl, options);
  const rows: Row[] = [{ check: 'one event is accepted', outcome: 'ok', detail: `job ${id}` }, row];
  const found: string[] = traceId === undefined ? [] : [traceId];
  for (const service of SERVICES) {
    const { traceIds, ...told } = await logged(target, service, id, row.outcome === 'ok' ? options.timeoutMs : 0);
    rows.push({ check: `the ${service} logged it`, ...told });
    found.push(...traceIds);
  }
  const distinct = [...new Set(found)];
  const one = distinct.length === 1 && rows.every(({ outcome }) => outcome === 'ok');
  const detail = distinct.length === 0 ? 'no trace id was found' : distinct.join(', ');
  rows.push({ check: 'it is one trace', outcome: one ? 'ok' : 'failed', detail: one ? detail : `not in both logs as one: ${detail}` });
  // Of an event that did not arrive there is nothing to find.
  if (row.outcome !== 'ok') return [...rows, ...notTried(CHECKS.indexOf(TRACE))];
  const { signals, timeoutMs, say } = options;
  if ('ask' in signals.traces) say('looking for its trace');
  rows.push({ check: TRACE, ...(await traceFound(signals, traceId ?? '', timeoutMs)) });
  if ('ask' in signals.series) say('looking for its series');
  rows.push({ check: SERIES, ...(await seriesFound(signals, before, timeoutMs)) });
  return rows;
}

interface Accepted {
  readonly id: string;
  readonly statusUrl: string;
}

async function send(door: Door, destination: string | undefined): Promise<Accepted> {
  const { status, text } = await post(door, destination ?? 'receiver');
  if (status === 202) return JSON.parse(text) as Accepted;
  const only = destination === undefined && status === 422 ? onlyDestination(text) : undefined;
  if (only !== undefined) return send(door, only);
  throw new Error(`POST /process was answered ${status}: ${text.slice(0, 500)}`);
}

/** The api refuses an unknown destination with the list of those that it knows. */
export function onlyDestination(problem: string): string | undefined {
  const { code, detail = '' } = JSON.parse(problem) as { readonly code?: string; readonly detail?: string };
  return code === 'UNKNOWN_DESTINATION' ? /: ([^\s,]+)$/.exec(detail)?.[1] : undefined;
}

/** Says who is asking, where the api wants to know. */
function authorization({ apiKey }: Door): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

async function post(door: Door, destination: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${door.url}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: sampledTrace(), ...authorization(door) },
    body: JSON.stringify({ destination, type: 'nines.verify', data: { sentAt: new Date().toISOString() } }),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}

/** Begins a trace that is kept, also where a sampler drops most of them. */
function sampledTrace(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

interface Job {
  readonly state: string;
  readonly failedAttempts: number;
  readonly lastError: unknown;
  readonly traceId: string | null;
}

async function delivered(door: Door, path: string, { timeoutMs, say }: VerifyOptions): Promise<{ row: Row; traceId: string | undefined }> {
  let job: Job | undefined;
  let trouble = '';
  let said = '';
  const ended = await until(Math.min(timeoutMs, DELIVERY_MAX_MS), async () => {
    try {
      job = (await (await fetch(`${door.url}${path}`, { headers: authorization(door), signal: AbortSignal.timeout(5000) })).json()) as Job;
    } catch (error) {
      trouble = (error as Error).message;
      return false;
    }
    if (job.state !== said) say(`delivery: ${job.state}`);
    said = job.state;
    return job.state === 'completed' || job.state === 'dead';
  });
  const check = 'it is delivered';
  const traceId = job?.traceId ?? undefined;
  if (job === undefined) return { row: failed(check, `GET ${path} does not answer: ${trouble}`), traceId };
  const detail = `${job.state}, ${job.failedAttempts} failed attempts${job.lastError ? `, the last: ${JSON.stringify(job.lastError)}` : ''}`;
  const ok = ended && job.state === 'completed';
  return { row: { check, outcome: ok ? 'ok' : 'failed', detail }, traceId };
}

const MESSAGES: Readonly<Record<Service, string>> = { api: 'accepted', worker: 'delivered' };

async function logged(
  target: Target,
  service: Service,
  id: string,
  timeoutMs: number,
): Promise<Omit<Row, 'check'> & { traceIds: readonly string[] }> {
  let told = toldOf('', id);
  let trouble: string | undefined;
  const found = await until(Math.min(timeoutMs, LOG_MAX_MS), async () => {
    const log = await target.logs(service).catch((error: Error) => error);
    trouble = log instanceof Error ? log.message : undefined;
    if (!(log instanceof Error)) told = toldOf(log, id);
    return told.traceIds.length > 0 && told.messages.includes(MESSAGES[service]);
  });
  const { traceIds, messages } = told;
  if (found) return { outcome: 'ok', detail: `${messages.join(', ')}, trace_id ${traceIds.join(', ')}`, traceIds };
  return { outcome: 'failed', detail: trouble ?? `no line says that it ${MESSAGES[service]} the event`, traceIds };
}
