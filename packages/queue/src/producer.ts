import { systemClock, type Clock } from './clock.ts';
import { encodeBody } from './codec.ts';
import { createCoalescer, type Coalescer, type EnqueueResult } from './coalescer.ts';
import { checkDeduplicate, refuseApartFromKey, refuseKeyInGroup } from './deduplicate.ts';
import type { Queue } from './define.ts';
import { pollDepth } from './depth-poll.ts';
import { NO_OPTIONS, type EnqueueOptions } from './enqueue-options.ts';
import { QueueError } from './errors.ts';
import { checkId, newId, newIdOf } from './id.ts';
import { newJob } from './new-job.ts';
import type { QueueMetrics } from './metrics.ts';
import { joinStores } from './join-stores.ts';
import { openStores, type Backend } from './open-store.ts';
import { checkWhole, refuse, refuseUnknown, type ResolvedQueueOptions } from './options.ts';
import { OutcomeWatch } from './outcome-watch.ts';
import { partitionOf, partitionsOf } from './partition.ts';
import { validate } from './schema.ts';
import type { Store } from './store.ts';

/** Options of a producer besides where its jobs go. */
export interface ProducerSettings {
  /** Where to count; see `@nines/queue/prometheus`. */
  readonly metrics?: QueueMetrics;
  /** How long an enqueue may take, reconnection and repetition included, in ms. Default 5000. */
  readonly enqueueTimeoutMs?: number;
  readonly clock?: Clock;
}

/** Options of {@link createProducer}. */
export type ProducerOptions = Backend & ProducerSettings;

/** Options of {@link Producer.waitUntilCompleted}. */
export interface WaitOptions {
  /** How long to wait, in ms, 1 to 86 400 000; then `WAIT_TIMEOUT`, and the job goes on. */
  readonly timeoutMs: number;
  /** Ends the wait with its reason; the job goes on. */
  readonly signal?: AbortSignal;
}

/** The producing side of a queue; made by {@link createProducer}. */
export interface Producer<Input, Result = unknown> {
  /** Resolves once Redis can be reached; not needed before {@link Producer.enqueue}. Rejects with `REDIS_UNAVAILABLE`, `LAYOUT_MISMATCH`, `EVICTION_POLICY`, `DURABILITY_UNSUPPORTED`. */
  ready(): Promise<void>;
  /**
   * Adds one job; resolves when Redis has it. Calls of one turn of the event loop travel together.
   * A call whose answer was lost is repeated under the same id, so it adds one job at most.
   *
   * @throws {QueueError} `INVALID_PAYLOAD`, `PAYLOAD_TOO_LARGE`, `PAYLOAD_NOT_SERIALISABLE`, `INVALID_OPTION`, `QUEUE_FULL`,
   * `REDIS_UNAVAILABLE` (not answered in time: the job may be there; repeat with the same id), `REDIS_OUT_OF_MEMORY`, `CLOSED`,
   * `DEADLINE_EXCEEDED` (nothing was left of `deadlineMs`),
   * `DURABILITY_NOT_REACHED` (the job is there and may run, but too few acknowledged it; repeat with the same id).
   */
  enqueue(payload: Input, options?: EnqueueOptions): Promise<EnqueueResult>;
  /**
   * Adds many jobs; resolves to one settled result for each, in their order. Never rejects. `optionsOf` gives each job its own options; what it throws
   * is the result of that job. A call to Redis carries at most 250 jobs, and at most 5000 jobs are on their way, however long the list.
   */
  enqueueMany(
    payloads: readonly Input[],
    optionsOf?: (payload: Input, index: number) => EnqueueOptions | undefined,
  ): Promise<PromiseSettledResult<EnqueueResult>[]>;
  /**
   * Resolves to what the handler of a job returned, as soon as its process has told Redis; it may have ended before. Needs `results` of the queue,
   * and no polling: the process listens to one channel. Goes on through lost connections.
   *
   * @throws {QueueError} `RESULTS_DISABLED`, `JOB_DEAD_LETTERED` (with `reason`), `JOB_CANCELLED`, `JOB_UNKNOWN` (there is neither the job nor its result),
   * `WAIT_TIMEOUT`, `REDIS_UNAVAILABLE` (no connection at the beginning), `INVALID_OPTION`, `CLOSED`; and the reason of `signal`.
   */
  waitUntilCompleted(id: string, options: WaitOptions): Promise<Result>;
  /** Waits for what was enqueued and gives the connections back; ends all waits. */
  close(): Promise<void>;
  /** Closes; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens the producing side of a queue.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * await using producer = createProducer(orders, { store: memoryStore() });
 * const { id, created } = await producer.enqueue({ sku: 'A-1' }, { id: 'order-1' });
 * console.log(id, created); // order-1 true
 * ```
 */
export function createProducer<Input, Output, Result>(
  queue: Queue<Input, Output, Result>,
  options: ProducerOptions,
): Producer<Input, Result> {
  refuseUnknown(options, ['redis', 'store', 'metrics', 'enqueueTimeoutMs', 'clock'], 'createProducer');
  const { clock = systemClock, enqueueTimeoutMs = 5000, metrics } = options;
  checkWhole('enqueueTimeoutMs', enqueueTimeoutMs, 1, 600_000);
  const stores = openStores(queue, options, clock, enqueueTimeoutMs);
  const store = joinStores(stores);
  const lanes = partitionsOf(queue).map((partition, at): Lane => {
    const own = stores[at]!;
    return {
      queue: partition,
      store: own,
      outcomes: new OutcomeWatch({ queue: partition.options, store: own, clock }),
      coalescer: createCoalescer({ queue: partition.options, store: own, clock, timeoutMs: enqueueTimeoutMs, metrics }),
    };
  });
  const stopPolling = metrics === undefined ? () => {} : pollDepth(queue.name, store, metrics, clock);
  let closed: Promise<void> | undefined;

  const send = (body: Buffer, enqueueOptions: EnqueueOptions) => {
    const id = idOf(queue, enqueueOptions, clock);
    // A group says where its jobs are, whatever their ids are.
    const lane = lanes[partitionOf(enqueueOptions.groupId ?? id, lanes.length)]!;
    const { job, span } = newJob(lane.queue, body, enqueueOptions, id, lane.store.server);
    return lane.coalescer.add(job, span);
  };
  // No async function and no await where there is nothing to wait for: with many jobs a turn each costs as much as the encoding.
  const enqueue = (payload: Input, enqueueOptions: EnqueueOptions = NO_OPTIONS): Promise<EnqueueResult> => {
    try {
      if (closed !== undefined) throw new QueueError('CLOSED', `the producer of queue ${queue.name} is closed`);
      // The schema's input is what the caller means; what the schema makes of it is made again, and typed, on the consuming side.
      const valid = validate(queue.schema, queue.name, payload);
      const go = () => {
        const body = encodeBody(queue.options, payload);
        return body instanceof Promise ? body.then((late) => send(late, enqueueOptions)) : send(body, enqueueOptions);
      };
      return valid instanceof Promise ? valid.then(go) : go();
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const close = () =>
    (closed ??= (async () => {
      stopPolling();
      for (const { outcomes } of lanes) outcomes.close();
      for (const { coalescer } of lanes) await coalescer.idle();
      await store.close();
    })());

  return {
    async ready() {
      await store.open();
    },
    enqueue,
    async waitUntilCompleted(id, waitOptions) {
      const { timeoutMs, signal } = checkedWait(queue.options, id, waitOptions);
      const lane = lanes.length === 1 ? lanes[0]! : await laneOf(lanes, id);
      if (closed !== undefined) throw new QueueError('CLOSED', `the producer of queue ${queue.name} is closed`);
      return (await lane.outcomes.wait(id, timeoutMs, signal)) as Result;
    },
    enqueueMany: (payloads, optionsOf) => enqueueAll(enqueue, payloads, optionsOf),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Where a job is: a group may have put it elsewhere than an id of the caller's says. */
async function laneOf(lanes: readonly Lane[], id: string): Promise<Lane> {
  const own = lanes[partitionOf(id, lanes.length)]!;
  for (const lane of new Set([own, ...lanes])) {
    await lane.store.open();
    const [outcome] = await lane.store.outcomes([id]);
    if (outcome?.state !== 'unknown') return lane;
  }
  return own;
}

/** The caller's id, or a new one, which belongs to the partition of the group or of the key. */
function idOf({ options }: Queue<unknown>, { id, groupId, deduplicate }: EnqueueOptions, clock: Clock): string {
  const { partitions } = options;
  if (partitions === 1 || (groupId === undefined && deduplicate === undefined)) return id ?? newId(clock.wallMs());
  if (deduplicate !== undefined) {
    checkDeduplicate(deduplicate);
    if (groupId !== undefined) refuseKeyInGroup(groupId, deduplicate.key, options);
    if (id !== undefined) refuseApartFromKey(id, deduplicate.key, options);
  }
  return id ?? newIdOf(partitionOf(groupId ?? deduplicate?.key ?? '', partitions), partitions, clock.wallMs());
}

/** Page by page, so that neither the time limit of an enqueue nor the memory of this process bounds the length of a list. */
async function enqueueAll<Input>(
  enqueue: Producer<Input>['enqueue'],
  payloads: readonly Input[],
  optionsOf: (payload: Input, index: number) => EnqueueOptions | undefined = () => NO_OPTIONS,
): Promise<PromiseSettledResult<EnqueueResult>[]> {
  const one = (payload: Input, index: number): Promise<EnqueueResult> => {
    try {
      if (typeof optionsOf !== 'function') refuse('optionsOf', optionsOf, 'a function (payload, index) => options');
      return enqueue(payload, optionsOf(payload, index));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const results: PromiseSettledResult<EnqueueResult>[] = [];
  for (let from = 0; from < payloads.length; from += SENT_MAX) {
    const page = payloads.slice(from, from + SENT_MAX);
    results.push(...(await Promise.allSettled(page.map((payload, at) => one(payload, from + at)))));
  }
  return results;
}

/** Jobs of one `enqueueMany` that are on their way at the same time. */
const SENT_MAX = 5000;

/** The way into one partition. */
interface Lane {
  readonly queue: Queue<unknown, unknown>;
  readonly coalescer: Coalescer;
  readonly store: Store;
  readonly outcomes: OutcomeWatch;
}

function checkedWait({ name, results }: ResolvedQueueOptions, id: string, options: WaitOptions): WaitOptions {
  checkId(id);
  refuseUnknown(options, ['timeoutMs', 'signal'], 'waitUntilCompleted');
  checkWhole('timeoutMs', options.timeoutMs, 1, 86_400_000);
  if (results.count === 0)
    throw new QueueError('RESULTS_DISABLED', `queue ${name} keeps no results: define it with results: { count, ageMs }`);
  return options;
}
