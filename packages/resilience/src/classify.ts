import { type Clock, parseHttpDate } from './clock.ts';
import { isResilienceError } from './errors.ts';
import type { Classification, RawOutcome } from './outcome.ts';

export const CLASSIFICATIONS: readonly Classification[] = ['success', 'failure', 'transient', 'throttled', 'ignored'];

/** A {@link Classification} with what else is known. */
export interface Judgement {
  readonly kind: Classification;
  /** Milliseconds after which the dependency wants to be asked again, when it said so. Below 0 or NaN: it forbids a retry. */
  readonly retryAfterMs?: number | undefined;
  /** Frees what a value holds, such as a connection. Called when a retry takes the place of this value. */
  readonly discard?: (() => void) | undefined;
}

/** Judges what a function did. One classifier serves every policy of a pipeline. Not asked when the caller aborted: that is always `ignored`. */
export type Classify = (outcome: RawOutcome, clock: Clock) => Classification | Judgement;

/** One property of what may be anything at all. */
function property(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}

function judgeError(error: unknown): Classification | Judgement {
  if (property(error, 'name') === 'AbortError') return 'ignored';
  if (!isResilienceError(error)) return 'transient';
  return error.retryable ? { kind: 'transient', retryAfterMs: error.retryAfterMs } : 'ignored';
}

/**
 * The classifier used when none is given: a value is `success`; an error named `AbortError` is `ignored`, because someone
 * gave up and the dependency did not fail; an error of this package that is not retryable is `ignored`; any other thrown
 * value, a `TypeError` and a non-error too, is `transient`.
 *
 * @example
 * ```ts
 * import { classifyErrors, systemClock } from '@nines/resilience';
 *
 * console.log(classifyErrors({ ok: false, error: new TypeError('fetch failed') }, systemClock)); // transient
 * ```
 */
export function classifyErrors(outcome: RawOutcome, _clock: Clock): Classification | Judgement {
  return outcome.ok ? 'success' : judgeError(outcome.error);
}

/** What is used of a fetch `Response`. */
interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: { readonly locked?: boolean; cancel?(): Promise<void> } | null;
}

function isResponse(value: unknown): value is ResponseLike {
  return typeof property(value, 'status') === 'number' && typeof property(property(value, 'headers'), 'get') === 'function';
}

/** RFC 9110 §10.2.3: seconds or a date. Undefined when it is neither. */
function parseRetryAfter(text: string | null, clock: Clock): number | undefined {
  if (text === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1_000;
  const at = parseHttpDate(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.epochMs());
}

function statusKind(status: number): Classification {
  if (status === 429) return 'throttled';
  if (status === 408 || status === 425) return 'transient';
  if (status === 501 || status === 505) return 'failure';
  return status >= 500 ? 'transient' : 'success';
}

/** An unread body holds its connection until it is collected. */
function discardBody(response: ResponseLike): void {
  if (response.body?.locked !== true) void response.body?.cancel?.().catch(() => {});
}

/** The URL was wrong: that says nothing about the dependency. */
function isInvalidUrl(error: unknown): boolean {
  return error instanceof TypeError && property(error.cause ?? error, 'code') === 'ERR_INVALID_URL';
}

/**
 * A classifier for `fetch` responses (or anything with `status` and `headers.get`).
 *
 * | answer | kind | why |
 * |---|---|---|
 * | 429 | `throttled` | alive, asks for less; `Retry-After` is read |
 * | 408, 425, 5xx | `transient` | may work later; `Retry-After` is read |
 * | 501, 505 | `failure` | a repeat fails again |
 * | any other, 4xx too | `success` | the dependency works: a 404 must neither be retried nor open a breaker. Look at `response.ok` yourself |
 * | rejected with `AbortError`, or the URL is invalid | `ignored` | says nothing about the dependency |
 * | rejected otherwise | `transient` | network |
 *
 * A response stays a value: when retries run out, the last response is what the caller gets. The body of a response that a
 * retry replaces is cancelled, so that its connection is free.
 *
 * @example
 * ```ts
 * import { http, systemClock } from '@nines/resilience';
 *
 * const classify = http();
 * console.log(classify({ ok: true, value: new Response('', { status: 404 }) }, systemClock)); // { kind: 'success' }
 * ```
 */
export function http(): Classify {
  return (outcome, clock) => {
    if (!outcome.ok) return isInvalidUrl(outcome.error) ? 'ignored' : judgeError(outcome.error);
    const response = outcome.value;
    if (!isResponse(response)) return 'success';
    const kind = statusKind(response.status);
    if (kind === 'success') return { kind };
    return { kind, retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock), discard: () => discardBody(response) };
  };
}
