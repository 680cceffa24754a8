import { DeadLetterError, RetryLaterError, type Handler, type Job } from '@nines/queue';
import { isResilienceError, type Outcome, type Pipeline } from '@nines/resilience';
import type { Logger } from '@nines/telemetry/logging';
import type { Destination, Destinations } from '../destinations.ts';
import type { Delivery } from '../queue.ts';
import { signatureHeaders } from './signature.ts';

export interface DeliverParts {
  readonly destinations: Destinations;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** Key for destinations that have none of their own. */
  readonly secret: Buffer;
  readonly logger: Logger;
}

/** Client errors that may pass: timeout, conflict, too early, too many requests. Any other 4xx stays as it is. */
const PASSING = new Set([408, 409, 425, 429]);
const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 3_600_000;
const ANSWER_MAX_BYTES = 65_536;

/** Makes the handler that delivers one event, and decides what a failure means for the job. */
export function createDeliver({ destinations, pipelines, secret, logger }: DeliverParts): Handler<Delivery> {
  return async (job, { signal, attempt, remainingMs }) => {
    const { destination: name, type } = job.payload;
    const destination = destinations.get(name);
    const pipeline = pipelines.get(name);
    // The queue may hold events for a destination that was removed, or that an api with a newer configuration knows already.
    if (destination === undefined || pipeline === undefined) throw new Error(`destination ${name} is not configured here`);
    const key = destination.secret ?? secret;
    // No longer than the caller of the api, or the queue, has time for it.
    const outcome = await pipeline.executeOutcome((call) => post(destination, key, job, call.signal), {
      signal,
      remainingMs: remainingMs(),
    });
    const failure = judge(name, outcome);
    const line = { jobId: job.id, destination: name, type, attempt, requests: outcome.attempts.length };
    if (failure === undefined) return logger.info(line, 'delivered');
    logger.warn({ ...line, reason: failure.message }, 'not delivered');
    throw failure;
  };
}

async function post({ url }: Destination, key: Buffer, job: Job<Delivery>, signal: AbortSignal): Promise<Response> {
  const { id, payload } = job;
  const { contentType = 'application/json' } = payload;
  const body = payload.contentType === undefined ? envelope(job) : payload.body;
  const signature = signatureHeaders(key, id, Math.floor(Date.now() / 1000), body);
  // A redirect is not followed: it would lead to an address that nobody has allowed.
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType, ...signature },
    body,
    redirect: 'manual',
    signal,
  });
  await drain(response);
  return response;
}

/** What Standard Webhooks recommends; the time is that of the acceptance, so each attempt sends the same. */
function envelope({ payload, enqueuedAtMs }: Job<Delivery>): string {
  return `{"type":${JSON.stringify(payload.type)},"timestamp":"${new Date(enqueuedAtMs).toISOString()}","data":${payload.body}}`;
}

/** The answer's body means nothing here, but reading a short one keeps the connection for the next event. */
async function drain({ body }: Response): Promise<void> {
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > ANSWER_MAX_BYTES) break;
  }
}

/** Undefined when the event was delivered, else the error that tells the queue what to do with the job. */
function judge(name: string, outcome: Outcome<Response>): Error | undefined {
  if (!outcome.ok) return judgeError(name, outcome.error);
  const { status } = outcome.value;
  if (status >= 200 && status < 300) return undefined;
  const message = `${name} answered ${status}`;
  if (status >= 400 && status < 500 && !PASSING.has(status)) return new DeadLetterError(message);
  if (outcome.retryAfterMs === undefined) return new Error(message);
  return new RetryLaterError(message, { delayMs: Math.min(Math.max(outcome.retryAfterMs, WAIT_MIN_MS), WAIT_MAX_MS) });
}

/** What a pipeline refuses without a request: no fault of the event, so it costs no attempt. */
const REFUSED: ReadonlySet<string> = new Set(['CIRCUIT_OPEN', 'THROTTLED', 'BULKHEAD_FULL']);

function judgeError(name: string, cause: unknown): Error {
  if (isResilienceError(cause) && REFUSED.has(cause.code)) {
    // Spread over a second, so that what waited does not come back all at once.
    const delayMs = (cause.retryAfterMs ?? WAIT_MIN_MS) + Math.random() * 1000;
    return new RetryLaterError(cause.message, { delayMs, countsAsAttempt: false, cause });
  }
  return new Error(`${name} could not be reached: ${reason(cause)}`, { cause });
}

/** What happened (ECONNREFUSED, UND_ERR_SOCKET, TIMEOUT …) stands in a cause, behind that retries ended and that `fetch failed`. */
function reason(error: unknown): string {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    if ('code' in at && typeof at.code === 'string' && at.code !== 'RETRIES_EXHAUSTED') return at.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
