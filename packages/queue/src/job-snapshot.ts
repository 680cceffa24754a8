import { decodeBody } from './codec.ts';
import { decodeEnvelope, type StoredEnvelope } from './envelope.ts';
import { decodeFailure, noFailure } from './failure-record.ts';
import type { ResolvedQueueOptions } from './options.ts';
import type { DeadReason } from './outcome.ts';
import { groupOf, priorityOf } from './place.ts';
import { decodeResult } from './result.ts';
import type { JobState, StoredJob } from './store.ts';

/** A job as it is now. */
export interface JobSnapshot<Payload> {
  readonly id: string;
  readonly state: JobState;
  /** Undefined when what is stored cannot be read. */
  readonly payload: Payload | undefined;
  /** Attempts that failed so far. */
  readonly failedAttempts: number;
  /** Error of the last failed attempt, at most 500 characters. */
  readonly lastError: string | undefined;
  /** Its class; 4 for a completed job, whose own is forgotten. */
  readonly priority: number;
  /** Its group; undefined where it has none, and for a completed job. */
  readonly groupId: string | undefined;
  /** When it was enqueued, in ms since 1970 of Redis's clock; 0 when that cannot be read. */
  readonly enqueuedAtMs: number;
  /** Why it was dead-lettered; undefined in every other state. */
  readonly deadReason: DeadReason | undefined;
  /** When it is of no use any more; undefined without a deadline. */
  readonly deadlineAtMs: number | undefined;
  /** When a delayed job is due, or a completed or dead one ended. */
  readonly atMs: number | undefined;
  /** How far its handler said to be, by `context.progress`, while it runs. */
  readonly progress: unknown;
  /** What its handler returned, of a completed job whose result is kept; undefined otherwise. */
  readonly result: unknown;
  /** Trace of the call that enqueued it, as 32 hexadecimal digits. */
  readonly traceId: string | undefined;
}

/** What lies in the store, in the words of its users. */
export async function snapshot<Payload>(
  queue: ResolvedQueueOptions,
  { id, state, stored, record, atMs, progress, result, place }: StoredJob,
): Promise<JobSnapshot<Payload>> {
  const envelope = readable(stored);
  const { attempts, error, reason } = record === undefined ? noFailure : decodeFailure(record);
  return {
    id,
    state,
    payload: envelope === undefined ? undefined : await payloadOf<Payload>(queue, envelope.body),
    failedAttempts: attempts,
    lastError: error,
    priority: priorityOf(place),
    groupId: groupOf(place),
    deadReason: state === 'dead' ? (reason ?? 'poison') : undefined,
    enqueuedAtMs: envelope?.enqueuedAtMs ?? 0,
    deadlineAtMs: envelope?.deadlineMs === undefined ? undefined : envelope.enqueuedAtMs + envelope.deadlineMs,
    atMs,
    progress: progress === undefined ? undefined : JSON.parse(progress),
    result: result === undefined ? undefined : await readableResult(queue, result),
    traceId: envelope?.trace?.toString('hex', 0, 16),
  };
}

/** One job that cannot be read must not hide the others of a list. */
function readable(stored: Buffer): StoredEnvelope | undefined {
  try {
    return decodeEnvelope(stored);
  } catch {
    return undefined;
  }
}

async function readableResult(queue: ResolvedQueueOptions, result: Buffer): Promise<unknown> {
  try {
    return await decodeResult(queue, result);
  } catch {
    return undefined;
  }
}

async function payloadOf<Payload>(queue: ResolvedQueueOptions, body: Buffer): Promise<Payload | undefined> {
  try {
    return (await decodeBody(queue, body)) as Payload;
  } catch {
    return undefined;
  }
}
