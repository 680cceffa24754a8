import { systemClock, systemRandom, type Clock } from './clock.ts';
import { ClaimLoop } from './claim-loop.ts';
import { withClientSpans } from './client-spans.ts';
import { CONSUMER_EVENTS, type ConsumerEvents } from './consumer-events.ts';
import type { Queue } from './define.ts';
import { pollDepth } from './depth-poll.ts';
import { createEmitter } from './emitter.ts';
import { QueueError } from './errors.ts';
import type { QueueMetrics } from './metrics.ts';
import { joinStores, type QueueView } from './join-stores.ts';
import { openStores, type Backend } from './open-store.ts';
import { checkWhole, refuse, refuseUnknown } from './options.ts';
import { partitionsOf } from './partition.ts';
import type { Handler } from './runner.ts';
import type { Store } from './store.ts';
import type { WorkOptions } from './work.ts';

/** Options of a consumer besides where its jobs are. */
export interface ConsumerSettings {
  /** Jobs that run at the same time in this consumer. Default 16, from 1 to 1000. */
  readonly concurrency?: number;
  /** Where to count; see `@nines/queue/prometheus`. */
  readonly metrics?: QueueMetrics;
  /** Told of trouble that the consumer deals with by itself, such as a lost connection, and of what is amiss with Redis at the start. Default: nobody. */
  readonly onError?: (error: QueueError) => void;
  /** How long `start` waits for Redis, in ms. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Whether attempts continue the trace that enqueued their job (`parent`), or begin their own and link to it. Default `parent`. */
  readonly trace?: 'parent' | 'link';
  /** Whether each call to Redis that receives or settles jobs is recorded as a span. Default false: they are many, and tell little. */
  readonly clientSpans?: boolean;
  readonly clock?: Clock;
  /** Random numbers from 0 to 1 for the jitter of backoffs. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options of {@link createConsumer}. */
export type ConsumerOptions = Backend & ConsumerSettings;

/** What a stop came to. */
export interface StopResult {
  /** True when every running job ended by itself. */
  readonly drained: boolean;
  /** Jobs that were handed back: not started yet, or still running at the deadline. */
  readonly returned: number;
}

/** The consuming side of a queue; made by {@link createConsumer}. */
export interface Consumer {
  /**
   * Calls `listener` when something happens to a job that this consumer runs, once Redis has confirmed it; returns a function that ends it.
   * What a lost answer left open is not told. A listener that throws is told of by `onError` (`LISTENER_FAILED`).
   *
   * @throws {QueueError} `INVALID_OPTION` for an event that there is not.
   */
  on<Name extends keyof ConsumerEvents>(event: Name, listener: (event: ConsumerEvents[Name]) => void): () => void;
  /** Resolves once jobs are being claimed. Rejects with `REDIS_UNAVAILABLE`, `LAYOUT_MISMATCH`, `EVICTION_POLICY`, `DURABILITY_UNSUPPORTED`, `CLOSED`. */
  start(): Promise<void>;
  /**
   * Claims no more, hands back what has not started, waits for what runs, and gives the connections back.
   * Jobs still running after `timeoutMs` (default 20 000) get their signal aborted and are handed back for another consumer.
   *
   * @throws {QueueError} `INVALID_OPTION` for another `timeoutMs` than a whole number of milliseconds; the consumer goes on then.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<StopResult>;
  /** Stops within 20 s; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes the consuming side of a queue; nothing happens before {@link Consumer.start}.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { createConsumer, createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * const store = memoryStore();
 * const done = Promise.withResolvers<string>();
 * await using consumer = createConsumer(orders, ({ payload }) => done.resolve(payload.sku), { store });
 * await consumer.start();
 * await using producer = createProducer(orders, { store });
 * await producer.enqueue({ sku: 'A-1' });
 * console.log(await done.promise); // A-1
 * ```
 */
export function createConsumer<Input, Payload, Result>(
  queue: Queue<Input, Payload, Result>,
  handler: Handler<Payload, NoInfer<Result>>,
  options: ConsumerOptions,
): Consumer {
  refuseUnknown(options, CONSUMER_OPTIONS, 'createConsumer');
  const { concurrency = 16 } = options;
  if (typeof handler !== 'function') refuse('handler', handler, 'a function (job, context) => result');
  checkWhole('concurrency', concurrency, 1, 1000);
  return makeConsumer(queue, options, concurrency, (share) => ({ handler, concurrency: share }));
}

/** What the parts of a queue do with their share of the slots. */
export type WorkOf<Payload> = (share: number) => Pick<WorkOptions<Payload>, 'concurrency' | 'handler'>;

/**
 * Makes a consumer whose parts share out the slots.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 */
export function makeConsumer<Input, Payload>(
  queue: Queue<Input, Payload>,
  options: ConsumerOptions,
  concurrency: number,
  workOf: WorkOf<Payload>,
): Consumer {
  const { clock = systemClock, connectTimeoutMs = 10_000, metrics, onError = () => {}, random = systemRandom } = options;
  const { trace = 'parent', clientSpans = false } = options;
  checkWhole('connectTimeoutMs', connectTimeoutMs, 1, 600_000);
  if (trace !== 'parent' && trace !== 'link') refuse('trace', trace, 'parent or link');
  if (typeof clientSpans !== 'boolean') refuse('clientSpans', clientSpans, 'true or false');
  const { partitions } = queue.options;
  if (concurrency < partitions) refuse('concurrency', concurrency, `at least partitions (${partitions}): each has slots of its own`);
  const stores = openStores(queue, options, clock, connectTimeoutMs);
  const events = createEmitter<ConsumerEvents>(CONSUMER_EVENTS, onError);
  const lanes = partitionsOf(queue).map((partition, at): Lane => {
    const opened = stores[at]!;
    const store = clientSpans ? withClientSpans(opened, partition.options, clock) : opened;
    const work = workOf(Math.floor(concurrency / partitions) + (at < concurrency % partitions ? 1 : 0));
    return { store, loop: new ClaimLoop({ queue: partition, ...work, store, clock, random, trace, metrics, onError, events }) };
  });
  const view = joinStores(stores);
  const startPolling = () => (metrics === undefined ? () => {} : pollDepth(queue.name, view, metrics, clock));
  return { on: events.on, ...createLifecycle({ queue: queue.name, view, lanes, startPolling, onWarning: onError }) };
}

/** The names of {@link ConsumerOptions}. */
export const CONSUMER_OPTIONS: readonly string[] = [
  'redis',
  'store',
  'concurrency',
  'metrics',
  'onError',
  'connectTimeoutMs',
  'trace',
  'clientSpans',
  'clock',
  'random',
];

/** One partition: what is claimed from it and runs here. */
interface Lane {
  readonly store: Store;
  readonly loop: Pick<ClaimLoop<unknown>, 'doubt' | 'lookForCancelled' | 'start' | 'stop' | 'wake'>;
}

interface Parts {
  readonly queue: string;
  readonly view: QueueView;
  readonly lanes: readonly Lane[];
  readonly startPolling: () => () => void;
  readonly onWarning: (warning: QueueError) => void;
}

function subscribe({ store, loop }: Lane): Promise<() => void> {
  return store.subscribe((what) => {
    if (what !== 'wake') loop.lookForCancelled();
    if (what !== 'cancel') loop.wake();
  });
}

function createLifecycle({ queue, view, lanes, startPolling, onWarning }: Parts): Omit<Consumer, 'on'> {
  let started: Promise<() => Promise<void>> | undefined;
  let stopped: Promise<StopResult> | undefined;

  const run = async () => {
    for (const warning of await view.open()) onWarning(warning);
    // Subscribed before the first claim, so that nothing that arrives in between goes unnoticed.
    const unsubscribes = await Promise.all(lanes.map(subscribe));
    for (const { store, loop } of lanes) unsubscribes.push(store.watch?.({ lost: loop.doubt, back: loop.wake }) ?? (() => {}));
    for (const { loop } of lanes) loop.start();
    const stopPolling = startPolling();
    return async () => {
      stopPolling();
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  };
  const stopAll = async (timeoutMs: number): Promise<StopResult> => {
    const results = await Promise.all(lanes.map(({ loop }) => loop.stop(timeoutMs)));
    return { drained: results.every(({ drained }) => drained), returned: results.reduce((sum, { returned }) => sum + returned, 0) };
  };
  const stop = (timeoutMs: number) =>
    (stopped ??= (async () => {
      const cleanUp = await started?.catch(() => undefined);
      const result = cleanUp === undefined ? { drained: true, returned: 0 } : await stopAll(timeoutMs);
      await cleanUp?.();
      await view.close();
      return result;
    })());

  return {
    async start() {
      if (stopped !== undefined) throw new QueueError('CLOSED', `the consumer of queue ${queue} was stopped; make a new one`);
      await (started ??= run());
    },
    async stop({ timeoutMs = 20_000 } = {}) {
      checkWhole('timeoutMs', timeoutMs, 0, 86_400_000);
      return stop(timeoutMs);
    },
    async [Symbol.asyncDispose]() {
      await stop(20_000);
    },
  };
}
