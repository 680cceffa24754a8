import { createHmac } from 'node:crypto';
import { DeadLetterError, defineQueue, exponential, RetryLaterError, type FailureVerdict, type Handler, type Queue } from '@nines/queue';
import { circuitBreaker, http, isResilienceError, pipeline, timeout } from '@nines/resilience';
import { fetchWith } from '@nines/resilience/fetch';

export interface Webhook {
  readonly endpoint: string;
  readonly event: unknown;
}

/** Where to send, and the key that the receiver has too, in base64. Neither is in the job: Redis need not know it. */
export interface Endpoint {
  readonly url: string;
  readonly secret: string;
}

/** Judges what `deliverTo` did not judge itself: a circuit that is open costs no attempt, all else is tried again. */
function classify(error: unknown): FailureVerdict {
  if (!isResilienceError(error) || error.code !== 'CIRCUIT_OPEN') return 'retry';
  return { retryAfterMs: error.retryAfterMs ?? 1_000, countsAsAttempt: false };
}

/** A minute, then twice as long each time, an hour at most: half a day at most. */
export const webhooks: Queue<Webhook> = defineQueue<Webhook>({
  name: 'webhooks',
  maxAttempts: 18,
  backoff: exponential({ baseMs: 60_000, maxMs: 3_600_000, jitter: 'equal' }),
  classify,
});

/** A breaker for each host, so that one that is down costs the others nothing. The queue does the retrying. */
const call = pipeline('webhooks', [circuitBreaker({ key: (request) => request.key ?? '' }), timeout({ attemptMs: 10_000 })], {
  classify: http(),
});
/** Deadline and criticality are not the business of somebody else's server. */
const send = fetchWith(call, { propagate: false });

/** Client errors that may pass: timeout, conflict, too early, too many requests. */
const PASSING = new Set([408, 409, 425, 429]);
const WAIT_MAX_MS = 3_600_000;

/** The handler of `webhooks`. */
export function deliverTo(endpoints: ReadonlyMap<string, Endpoint>): Handler<Webhook> {
  return async ({ id, payload }, { signal }) => {
    const endpoint = endpoints.get(payload.endpoint);
    if (endpoint === undefined) throw new Error(`there is no endpoint ${payload.endpoint} here`);
    const body = JSON.stringify(payload.event);
    const headers = { 'content-type': 'application/json', ...signature(endpoint.secret, id, body) };
    // A redirect is not followed: nobody has allowed the address that it leads to.
    const response = await send(endpoint.url, { method: 'POST', body, headers, redirect: 'manual', signal });
    await response.body?.cancel();
    if (!response.ok) throw judge(payload.endpoint, response);
  };
}

function judge(endpoint: string, { status, headers }: Response): Error {
  const message = `${endpoint} answered ${status}`;
  if (status >= 400 && status < 500 && !PASSING.has(status)) return new DeadLetterError(message);
  const delayMs = wish(headers.get('retry-after'));
  return delayMs === undefined ? new Error(message) : new RetryLaterError(message, { delayMs });
}

/** The id is the same at every attempt, so the receiver can tell a repetition; see https://www.standardwebhooks.com. */
function signature(secret: string, id: string, body: string): Record<string, string> {
  const seconds = Math.floor(Date.now() / 1_000);
  const mac = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${mac}` };
}

/** `Retry-After` in milliseconds, an hour at most: seconds or a date. Undefined when it says nothing. */
function wish(header: string | null): number | undefined {
  const ms = /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1_000 : Date.parse(header ?? '') - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 1_000), WAIT_MAX_MS);
}
