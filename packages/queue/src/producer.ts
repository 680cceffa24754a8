import { systemClock, type Clock } from './clock.ts';
import { encodeBody } from './codec.ts';
import { createCoalescer, type Coalescer, type EnqueueResult } from './coalescer.ts';
import type { Queue } from './define.ts';
import { pollDepth } from './depth-poll.ts';
import { NO_OPTIONS, type EnqueueOptions } from './enqueue-options.ts';
import { QueueError } from './errors.ts';
import { newId, newIdOf } from './id.ts';
import { newJob } from './new-job.ts';
import type { QueueMetrics } from './metrics.ts';
import { joinStores } from './join-stores.ts';
import { openStores, type Backend } from './open-store.ts';
import { checkWhole, refuseUnknown } from './options.ts';
import { partitionOf, partitionsOf } from './partition.ts';
import { validate } from './schema.ts';
import type { ServerAddress } from './tracing.ts';

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

/** The producing side of a queue; made by {@link createProducer}. */
export interface Producer<Input> {
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
  /** Adds many jobs; resolves to one settled result for each, in their order. Never rejects. */
  enqueueMany(payloads: readonly Input[]): Promise<PromiseSettledResult<EnqueueResult>[]>;
  /** Waits for what was enqueued and gives the connections back. */
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
export function createProducer<Input, Output>(queue: Queue<Input, Output>, options: ProducerOptions): Producer<Input> {
  refuseUnknown(options, ['redis', 'store', 'metrics', 'enqueueTimeoutMs', 'clock'], 'createProducer');
  const { clock = systemClock, enqueueTimeoutMs = 5000, metrics } = options;
  checkWhole('enqueueTimeoutMs', enqueueTimeoutMs, 1, 600_000);
  const stores = openStores(queue, options, clock, enqueueTimeoutMs);
  const store = joinStores(stores);
  const lanes = partitionsOf(queue).map((partition, at): Lane => {
    const own = stores[at]!;
    return {
      queue: partition,
      server: own.server,
      coalescer: createCoalescer({ queue: partition.options, store: own, clock, timeoutMs: enqueueTimeoutMs, metrics }),
    };
  });
  const stopPolling = metrics === undefined ? () => {} : pollDepth(queue.name, store, metrics, clock);
  let closed: Promise<void> | undefined;

  const send = (body: Buffer, enqueueOptions: EnqueueOptions) => {
    const { groupId } = enqueueOptions;
    const grouped = groupId === undefined ? undefined : partitionOf(groupId, lanes.length);
    const id = enqueueOptions.id ?? (grouped === undefined ? newId(clock.wallMs()) : newIdOf(grouped, lanes.length, clock.wallMs()));
    const lane = lanes[grouped ?? partitionOf(id, lanes.length)]!;
    const { job, span } = newJob(lane.queue, body, enqueueOptions, id, lane.server);
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
      for (const { coalescer } of lanes) await coalescer.idle();
      await store.close();
    })());

  return {
    async ready() {
      await store.open();
    },
    enqueue,
    enqueueMany: (payloads) => Promise.allSettled(payloads.map((payload) => enqueue(payload))),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The way into one partition. */
interface Lane {
  readonly queue: Queue<unknown, unknown>;
  readonly server: ServerAddress | undefined;
  readonly coalescer: Coalescer;
}
