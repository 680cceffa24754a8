import { systemClock } from './clock.ts';
import { decodeBody } from './codec.ts';
import type { Queue } from './define.ts';
import { decodeEnvelope } from './envelope.ts';
import { decodeFailure, noFailure } from './failure-record.ts';
import { checkId } from './id.ts';
import { openStore, type Backend } from './open-store.ts';
import { checkWhole, refuseUnknown } from './options.ts';
import type { JobCounts, JobState } from './store.ts';

/** Options of {@link createInspector}. */
export type InspectorOptions = Backend & {
  /** How long a call waits for a first connection, in ms. Default 5000. */
  readonly connectTimeoutMs?: number;
};

/** A job as it is now. */
export interface JobSnapshot<Payload> {
  readonly id: string;
  readonly state: JobState;
  readonly payload: Payload;
  /** Attempts that failed so far. */
  readonly failedAttempts: number;
  /** Error of the last failed attempt, at most 500 characters. */
  readonly lastError: string | undefined;
  /** When it was enqueued, in ms since 1970 of Redis's clock. */
  readonly enqueuedAtMs: number;
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
  /** Gives the connections back. */
  close(): Promise<void>;
  /** Closes; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a view on a queue for status pages and tests; it changes nothing and is never on the path of a job.
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
  return {
    async counts() {
      await store.open();
      return store.counts();
    },
    async get(id) {
      checkId(id);
      await store.open();
      const job = await store.get(id);
      if (job === undefined) return undefined;
      const { body, enqueuedAtMs, trace } = decodeEnvelope(job.stored);
      const { attempts, error } = job.record === undefined ? noFailure : decodeFailure(job.record);
      return {
        id,
        state: job.state,
        payload: decodeBody(body) as Input,
        failedAttempts: attempts,
        lastError: error,
        enqueuedAtMs,
        atMs: job.atMs,
        traceId: trace?.toString('hex', 0, 16),
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
