import { systemClock } from './clock.ts';
import type { Queue } from './define.ts';
import { createEmitter } from './emitter.ts';
import { asQueueError, QueueError } from './errors.ts';
import { readNews, type JobEvents } from './job-events.ts';
import { openStores, type Backend } from './open-store.ts';
import { checkWhole, refuseUnknown } from './options.ts';

/** Options of {@link createEvents}. */
export type EventsOptions = Backend & {
  /** How long the first connection may take, in ms. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** Told when listening fails, and when a listener throws (`LISTENER_FAILED`). Default: nobody. */
  readonly onError?: (error: QueueError) => void;
};

/** What {@link QueueEvents.on} tells. */
export interface QueueEventMap extends JobEvents {
  /** The connection was away, or is new: what happened before was not told. */
  readonly missed: { readonly queue: string };
}

/** What happens to the jobs of a queue, in whichever process; made by {@link createEvents}. */
export interface QueueEvents {
  /** Resolves once it listens. Rejects with `REDIS_UNAVAILABLE`, `LAYOUT_MISMATCH`, `EVICTION_POLICY`, `DURABILITY_UNSUPPORTED`. */
  ready(): Promise<void>;
  /**
   * Calls `listener` with each event of this name; returns a function that ends it.
   *
   * @throws {QueueError} `INVALID_OPTION` for an event that there is not.
   */
  on<Name extends keyof QueueEventMap>(event: Name, listener: (event: QueueEventMap[Name]) => void): () => void;
  /** Gives the connections back. */
  close(): Promise<void>;
  /** Closes; for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const NAMES: readonly (keyof QueueEventMap)[] = ['completed', 'retrying', 'dead', 'cancelled', 'lost', 'progress', 'missed'];

/**
 * Follows what happens to the jobs of a queue that has `events: true`. Each event is told at most once: what happens while the connection is away is
 * told to nobody (`missed` says so), so count by metrics and look by an inspector. No event carries a payload, a result or the text of an error.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { createConsumer, createEvents, createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders', events: true });
 * const store = memoryStore();
 * await using events = createEvents(orders, { store });
 * await events.ready();
 * events.on('completed', ({ id }) => console.log(id)); // order-1
 * await using consumer = createConsumer(orders, () => {}, { store });
 * await consumer.start();
 * await createProducer(orders, { store }).enqueue({ sku: 'A-1' }, { id: 'order-1' });
 * await store.drain();
 * ```
 */
export function createEvents<Input, Output, Result>(queue: Queue<Input, Output, Result>, options: EventsOptions): QueueEvents {
  refuseUnknown(options, ['redis', 'store', 'connectTimeoutMs', 'onError'], 'createEvents');
  const { connectTimeoutMs = 5000, onError = () => {} } = options;
  checkWhole('connectTimeoutMs', connectTimeoutMs, 1, 600_000);
  if (!queue.options.events) {
    throw new QueueError(
      'INVALID_OPTION',
      `events must be true in defineQueue of queue ${queue.name}, for its consumers to tell what happens`,
    );
  }
  const stores = openStores(queue, options, systemClock, connectTimeoutMs);
  const emitter = createEmitter<QueueEventMap>(NAMES, onError);
  const listen = () =>
    Promise.all(
      stores.map(async (store) => {
        await store.open();
        return store.listen((news) => {
          if (news === undefined) emitter.emit('missed', { queue: queue.name });
          else readNews(news, (name, event) => emitter.emit(name, event as QueueEventMap[typeof name]));
        });
      }),
    );
  const listening = listen();
  listening.catch((error: unknown) => onError(asQueueError(error)));
  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= (async () => {
      for (const stop of await listening.catch(() => [])) stop();
      for (const store of stores) await store.close();
    })());
  return {
    async ready() {
      await listening;
    },
    on: emitter.on,
    close,
    [Symbol.asyncDispose]: close,
  };
}
