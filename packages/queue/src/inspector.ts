import { systemClock, type Clock } from './clock.ts';
import { deadLetterVerbs, type DeadLetterVerbs } from './dead/verbs.ts';
import type { Queue } from './define.ts';
import { checkId } from './id.ts';
import { joinStores, type QueueView } from './join-stores.ts';
import { openStores, type Backend } from './open-store.ts';
import { snapshot, type JobSnapshot } from './job-snapshot.ts';
import { checkWhole, refuse, refuseUnknown } from './options.ts';
import type { CancelOutcome, DeadLetters, JobCounts, JobState } from './store.ts';

/** Options of {@link createInspector}. */
export type InspectorOptions = Backend & {
  /** How long a call waits for a first connection, in ms. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Times the steps of {@link Inspector.redriveAll} and {@link Inspector.purgeAll}. */
  readonly clock?: Clock;
};

/** Jobs to cancel: by their ids, or the first ones of a state; at most 1000 a call. */
export type Cancellation =
  | { readonly ids: readonly string[]; readonly state?: undefined; readonly limit?: undefined }
  | { readonly state: 'waiting' | 'delayed' | 'active'; readonly limit: number; readonly ids?: undefined };

/** What became of one cancellation. */
export interface CancelAnswer {
  readonly id: string;
  /** `cancelled`: removed; `cancelling`: active, to be aborted; `ended`: completed or dead before; `unknown`: there is no such job (any more). */
  readonly outcome: CancelOutcome;
}

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
  /**
   * Cancels jobs: those of the given ids, or the `limit` first of a state; at most 1000 a call. One that has not begun is removed at once. One that is
   * active is aborted where it runs (`signal`, with `JOB_CANCELLED`) and removed, never retried; if it completes before that it is completed.
   * Resolves to what became of each, in the order of the ids.
   */
  cancel(which: Cancellation): Promise<readonly CancelAnswer[]>;
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
    cancel: async (which) => opened(() => cancel(store, checkedCancellation(which))),
    pause: () => opened(() => store.setPaused(true)),
    resume: () => opened(() => store.setPaused(false)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const STATES: readonly JobState[] = ['waiting', 'delayed', 'active', 'completed', 'dead'];

/** A job that waits is looked for in its list, so few at a time keep others waiting shortly. */
const CANCEL_MAX = 50;

async function cancel(store: QueueView, { ids, state, limit }: Cancellation): Promise<CancelAnswer[]> {
  const all = ids === undefined ? (await store.list(state, 0, limit)).map(({ id }) => id) : [...new Set(ids)];
  const answers: CancelAnswer[] = [];
  for (let from = 0; from < all.length; from += CANCEL_MAX) {
    const some = all.slice(from, from + CANCEL_MAX);
    const outcomes = await store.cancel(some);
    answers.push(...some.map((id, at) => ({ id, outcome: outcomes[at] ?? 'unknown' })));
  }
  return answers;
}

function checkedCancellation(which: Cancellation): Cancellation {
  refuseUnknown(which, ['ids', 'state', 'limit'], 'cancel');
  const {
    ids,
    state,
    limit,
  }: { readonly ids?: readonly string[] | undefined; readonly state?: JobState | undefined; readonly limit?: number | undefined } = which;
  if (ids !== undefined) {
    if (state !== undefined || limit !== undefined) refuse('state', state ?? limit, 'absent, and limit too, where ids are given');
    checkWhole('ids.length', ids.length, 0, 1000);
    for (const id of ids) checkId(id);
    return which;
  }
  if (state === undefined || !CANCELLABLE.includes(state)) refuse('state', state, `one of ${CANCELLABLE.join(', ')}`);
  checkWhole('limit', limit, 1, 1000);
  return which;
}

const CANCELLABLE: readonly JobState[] = ['waiting', 'delayed', 'active'];

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
