import { systemClock } from './clock.ts';
import { decodeBody } from './codec.ts';
import type { Queue } from './define.ts';
import { decodeEnvelope, type StoredEnvelope } from './envelope.ts';
import { decodeFailure, noFailure } from './failure-record.ts';
import { checkId } from './id.ts';
import { openStore, type Backend } from './open-store.ts';
import { checkWhole, refuse, refuseUnknown, type ResolvedQueueOptions } from './options.ts';
import type { DeadReason } from './outcome.ts';
import type { DeadLetters, JobCounts, JobState, StoredJob } from './store.ts';

/** Options of {@link createInspector}. */
export type InspectorOptions = Backend & {
  /** How long a call waits for a first connection, in ms. Default 5000. */
  readonly connectTimeoutMs?: number;
};

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
  /** When it was enqueued, in ms since 1970 of Redis's clock; 0 when that cannot be read. */
  readonly enqueuedAtMs: number;
  /** Why it was dead-lettered; undefined in every other state. */
  readonly deadReason: DeadReason | undefined;
  /** When it is of no use any more; undefined without a deadline. */
  readonly deadlineAtMs: number | undefined;
  /** When a delayed job is due, or a completed or dead one ended. */
  readonly atMs: number | undefined;
  /** Trace of the call that enqueued it, as 32 hexadecimal digits. */
  readonly traceId: string | undefined;
}

/** A view on a queue; made by {@link createInspector}. */
export interface Inspector<Payload> {
  /** How many jobs are in each state. Rejects with `REDIS_UNAVAILABLE`. */
  counts(): Promise<JobCounts>;
  /** The job of this id; undefined when there is none (any more). The payload is what was enqueued, not validated again. */
  get(id: string): Promise<JobSnapshot<Payload> | undefined>;
  /** Jobs of one state, oldest first; `limit` 1 to 1000, default 100. */
  list(state: JobState, page?: { readonly skip?: number; readonly limit?: number }): Promise<readonly JobSnapshot<Payload>[]>;
  /**
   * Makes dead letters waiting jobs again, with no attempt counted: those of the given ids, or the `limit` oldest; at most 1000 a call.
   * Resolves to the ids that were dead letters and are waiting now.
   */
  redrive(which: DeadLetters): Promise<readonly string[]>;
  /** Removes dead letters for good; resolves to their ids. */
  purge(which: DeadLetters): Promise<readonly string[]>;
  /** Stops all claims, in every process; what runs is finished and settled. */
  pause(): Promise<void>;
  /** Lets claims go on. */
  resume(): Promise<void>;
  /** Gives the connections back. */
  close(): Promise<void>;
  /** Closes; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a view on a queue for status pages, tests and operators; never on the path of a job.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { createInspector, createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * const store = memoryStore();
 * const { id } = await createProducer(orders, { store }).enqueue({ sku: 'A-1' }, { delayMs: 60_000 });
 * console.log((await createInspector(orders, { store }).get(id))?.state); // delayed
 * ```
 */
export function createInspector<Input, Output>(queue: Queue<Input, Output>, options: InspectorOptions): Inspector<Input> {
  refuseUnknown(options, ['redis', 'store', 'connectTimeoutMs'], 'createInspector');
  const { connectTimeoutMs = 5000 } = options;
  checkWhole('connectTimeoutMs', connectTimeoutMs, 1, 600_000);
  const store = openStore(queue, options, systemClock, connectTimeoutMs);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= store.close());
  const opened = async <T>(work: () => Promise<T>): Promise<T> => {
    await store.open();
    return work();
  };
  return {
    counts: () => opened(() => store.counts()),
    async get(id) {
      checkId(id);
      const job = await opened(() => store.get(id));
      return job === undefined ? undefined : snapshot(queue.options, job);
    },
    async list(state, { skip = 0, limit = 100 } = {}) {
      if (!STATES.includes(state)) refuse('state', state, `one of ${STATES.join(', ')}`);
      checkWhole('skip', skip, 0, 1_000_000_000);
      checkWhole('limit', limit, 1, 1000);
      const jobs = await opened(() => store.list(state, skip, limit));
      return Promise.all(jobs.map((job) => snapshot<Input>(queue.options, job)));
    },
    redrive: async (which) => opened(() => store.redrive(checked(which))),
    purge: async (which) => opened(() => store.purge(checked(which))),
    pause: () => opened(() => store.setPaused(true)),
    resume: () => opened(() => store.setPaused(false)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const STATES: readonly JobState[] = ['waiting', 'delayed', 'active', 'completed', 'dead'];

function checked(which: DeadLetters): DeadLetters {
  refuseUnknown(which, ['ids', 'limit'], 'which');
  const { ids, limit }: { readonly ids?: readonly string[] | undefined; readonly limit?: number | undefined } = which;
  if (ids === undefined) checkWhole('limit', limit, 1, 1000);
  else {
    if (limit !== undefined) refuse('limit', limit, 'absent where ids are given');
    checkWhole('ids.length', ids.length, 0, 1000);
    for (const id of ids) checkId(id);
  }
  return which;
}

async function snapshot<Payload>(
  queue: ResolvedQueueOptions,
  { id, state, stored, record, atMs }: StoredJob,
): Promise<JobSnapshot<Payload>> {
  const envelope = readable(stored);
  const { attempts, error, reason } = record === undefined ? noFailure : decodeFailure(record);
  return {
    id,
    state,
    payload: envelope === undefined ? undefined : await payloadOf<Payload>(queue, envelope.body),
    failedAttempts: attempts,
    lastError: error,
    deadReason: state === 'dead' ? (reason ?? 'poison') : undefined,
    enqueuedAtMs: envelope?.enqueuedAtMs ?? 0,
    deadlineAtMs: envelope?.deadlineMs === undefined ? undefined : envelope.enqueuedAtMs + envelope.deadlineMs,
    atMs,
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

async function payloadOf<Payload>(queue: ResolvedQueueOptions, body: Buffer): Promise<Payload | undefined> {
  try {
    return (await decodeBody(queue, body)) as Payload;
  } catch {
    return undefined;
  }
}
