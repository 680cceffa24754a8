import type { Queue } from '../define.ts';
import type { JobSnapshot } from '../job-snapshot.ts';
import type { MemoryStore } from './memory-store.ts';

/** What vitest and jest hand to a matcher as `this`, as far as it is used here. */
export interface MatcherContext {
  /** Deep equality that knows asymmetric matchers such as `expect.objectContaining`. */
  equals(actual: unknown, expected: unknown): boolean;
}

/** What vitest and jest want back. */
export interface MatcherResult {
  readonly pass: boolean;
  /** Why, in case of failure. */
  readonly message: () => string;
}

/** The assertions that {@link queueMatchers} adds; extend your runner's `Matchers` interface with it. */
export interface QueueMatchers<R = Promise<void>> {
  /** A job with this payload is in the queue, in whatever state; without a payload, any job. */
  toHaveEnqueued(queue: Queue<unknown>, payload?: unknown): R;
  /** A dead letter with this payload is in the queue; without a payload, any dead letter. */
  toHaveDeadLetter(queue: Queue<unknown>, payload?: unknown): R;
  /** No job of any queue waits, runs or is delayed. */
  toBeDrained(): R;
}

/** What {@link queueMatchers} holds, by the names of the assertions. */
export interface QueueMatcherFunctions {
  /** See {@link QueueMatchers.toHaveEnqueued}. */
  readonly toHaveEnqueued: QueueMatcher;
  /** See {@link QueueMatchers.toHaveDeadLetter}. */
  readonly toHaveDeadLetter: QueueMatcher;
  /** See {@link QueueMatchers.toBeDrained}. */
  readonly toBeDrained: (this: MatcherContext, store: MemoryStore) => MatcherResult;
}

/** An assertion on one queue of a store. */
export type QueueMatcher = (
  this: MatcherContext,
  store: MemoryStore,
  queue: Queue<unknown>,
  ...payload: readonly unknown[]
) => Promise<MatcherResult>;

/**
 * Assertions on a {@link MemoryStore}, as plain functions for `expect.extend` of vitest or jest. They look at the jobs that are there:
 * a job that is done is gone, unless its queue keeps `completed` ones.
 *
 * @example
 * ```ts
 * import { createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore, queueMatchers } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * const store = memoryStore();
 * await createProducer(orders, { store }).enqueue({ sku: 'A-1' });
 * // In a test: expect.extend(queueMatchers); await expect(store).toHaveEnqueued(orders, { sku: 'A-1' });
 * const equals = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
 * const { pass } = await queueMatchers.toHaveEnqueued.call({ equals }, store, orders, { sku: 'A-1' });
 * console.log(pass); // true
 * ```
 */
export const queueMatchers: QueueMatcherFunctions = Object.freeze({
  toHaveEnqueued(this: MatcherContext, store: MemoryStore, queue: Queue<unknown>, ...payload: readonly unknown[]) {
    return has(this, store, queue, 'a job', () => true, payload);
  },
  toHaveDeadLetter(this: MatcherContext, store: MemoryStore, queue: Queue<unknown>, ...payload: readonly unknown[]) {
    return has(this, store, queue, 'a dead letter', ({ state }) => state === 'dead', payload);
  },
  toBeDrained(this: MatcherContext, store: MemoryStore) {
    const left = store.unfinished;
    return {
      pass: left === 0,
      message: () =>
        left === 0
          ? 'expected jobs that wait, run or are delayed, there is none'
          : `expected no job that waits, runs or is delayed, there are ${left}`,
    };
  },
});

async function has(
  context: MatcherContext,
  store: MemoryStore,
  queue: Queue<unknown>,
  what: string,
  counts: (job: JobSnapshot<unknown>) => boolean,
  payload: readonly unknown[],
): Promise<MatcherResult> {
  const jobs = await store.jobs(queue);
  const pass = jobs.some((job) => counts(job) && (payload.length === 0 || context.equals(job.payload, payload[0])));
  const wanted = payload.length === 0 ? what : `${what} with payload ${JSON.stringify(payload[0])}`;
  const seen = jobs.slice(0, 10).map(({ state, payload: has }) => `${state} ${JSON.stringify(has)}`);
  const message = () =>
    `expected queue ${queue.name} ${pass ? 'not to have' : 'to have'} ${wanted}; it has ${jobs.length} jobs: ${seen.join(', ')}`;
  return { pass, message };
}
