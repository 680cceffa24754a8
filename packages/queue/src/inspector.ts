import { systemClock, type Clock } from './clock.ts';
import { deadLetterVerbs, type DeadLetterVerbs } from './dead/verbs.ts';
import type { Queue } from './define.ts';
import { checkId } from './id.ts';
import { joinStores } from './join-stores.ts';
import { openStores, type Backend } from './open-store.ts';
import { snapshot, type JobSnapshot } from './job-snapshot.ts';
import { checkWhole, refuse, refuseUnknown } from './options.ts';
import type { DeadLetters, JobCounts, JobState } from './store.ts';

/** Options of {@link createInspector}. */
export type InspectorOptions = Backend & {
  /** How long a call waits for a first connection, in ms. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Times the steps of {@link Inspector.redriveAll} and {@link Inspector.purgeAll}. */
  readonly clock?: Clock;
};

/** A view on a queue; made by {@link createInspector}. */
export interface Inspector<Payload> extends DeadLetterVerbs<Payload> {
  /** How many jobs are in each state. Rejects with `REDIS_UNAVAILABLE`. */
  counts(): Promise<JobCounts>;
  /** The job of this id; undefined when there is none (any more). The payload is what was enqueued, not validated again. */
  get(id: string): Promise<JobSnapshot<Payload> | undefined>;
  /** Jobs of one state, oldest first (partition by partition where there are several); `limit` 1 to 1000, default 100. */
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
  refuseUnknown(options, ['redis', 'store', 'connectTimeoutMs', 'clock'], 'createInspector');
  const { connectTimeoutMs = 5000, clock = systemClock } = options;
  checkWhole('connectTimeoutMs', connectTimeoutMs, 1, 600_000);
  const stores = openStores(queue, options, systemClock, connectTimeoutMs);
  const store = joinStores(stores);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= store.close());
  const opened = async <T>(work: () => Promise<T>): Promise<T> => {
    await store.open();
    return work();
  };
  return {
    ...deadLetterVerbs<Input>({ queue: queue.options, stores, clock, open: () => store.open() }),
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
