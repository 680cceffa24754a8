import { decodeEnvelope, STAMP_BYTES, type StoredEnvelope } from '../envelope.ts';
import { decodeFailure, noFailure } from '../failure-record.ts';
import type { DeadReason } from '../outcome.ts';
import { groupOf, priorityOf } from '../place.ts';
import type { StoredJob } from '../store.ts';

/** Version of the lines of an export. */
export const LINE_VERSION = 1;

/**
 * A dead letter as one line of JSON. Every line stands for itself, so that files can be split, filtered, corrected and joined.
 * Exactly one of `payload` (the body, where that is JSON), `bodyBase64` (the body, where a codec made something else of it) and `storedBase64`
 * (all that was stored, where it cannot be read) is there.
 */
export interface DeadLetterLine {
  readonly v: typeof LINE_VERSION;
  readonly namespace: string;
  readonly queue: string;
  readonly id: string;
  readonly reason: DeadReason;
  readonly failedAttempts: number;
  /** At most one of them is there; without both the job is of the class 4. */
  readonly priority?: number | undefined;
  readonly groupId?: string | undefined;
  readonly lastError?: string | undefined;
  /** Both in ISO 8601; `endedAt` is for readers only. */
  readonly enqueuedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly deadlineMs?: number | undefined;
  /** As the W3C writes it. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
  /** True where the producer gave the id: then enqueueing it again is compared with this body. */
  readonly ownId?: true | undefined;
  readonly payload?: unknown;
  readonly bodyBase64?: string | undefined;
  readonly storedBase64?: string | undefined;
}

/** Writes a dead letter as a line, without a line break. */
export function encodeLine({ namespace, name }: { readonly namespace: string; readonly name: string }, job: StoredJob): string {
  const { attempts, error, reason = 'poison' } = job.record === undefined ? noFailure : decodeFailure(job.record);
  const line: DeadLetterLine = {
    v: LINE_VERSION,
    namespace,
    queue: name,
    id: job.id,
    reason,
    failedAttempts: attempts,
    priority: job.place === undefined || groupOf(job.place) !== undefined ? undefined : priorityOf(job.place),
    groupId: groupOf(job.place),
    lastError: error,
    endedAt: job.atMs === undefined ? undefined : isoOf(job.atMs),
    ...contents(job.stored),
  };
  return JSON.stringify(line);
}

function contents(stored: Buffer): Partial<DeadLetterLine> {
  let envelope: StoredEnvelope;
  try {
    envelope = decodeEnvelope(stored);
  } catch {
    return { storedBase64: stored.toString('base64') };
  }
  const { enqueuedAtMs, deadlineMs, trace, state, baggage, digest, body } = envelope;
  return {
    enqueuedAt: isoOf(enqueuedAtMs),
    deadlineMs,
    traceparent: trace && `00-${trace.toString('hex', 0, 16)}-${trace.toString('hex', 16, 24)}-${trace.toString('hex', 24)}`,
    tracestate: state,
    baggage,
    ownId: digest === undefined ? undefined : true,
    ...bodyOf(body),
  };
}

/** JSON is written as JSON only where reading it gives the same bytes again. */
function bodyOf(body: Buffer): Partial<DeadLetterLine> {
  const text = body.toString();
  try {
    const payload: unknown = JSON.parse(text);
    if (JSON.stringify(payload) === text) return { payload };
  } catch {
    // Not JSON: what a codec made.
  }
  return { bodyBase64: body.toString('base64') };
}

function isoOf(ms: number): string {
  return new Date(Math.min(ms, 2 ** (8 * STAMP_BYTES) - 1)).toISOString();
}
