import type { BatchHandler } from './batches.ts';
import { CONSUMER_OPTIONS, makeConsumer, type Consumer, type ConsumerSettings } from './consumer.ts';
import type { Queue } from './define.ts';
import type { Backend } from './open-store.ts';
import { checkWhole, refuse, refuseUnknown } from './options.ts';

/** Options of a batch consumer besides where its jobs are; `concurrency` counts batches. */
export interface BatchConsumerSettings extends Omit<ConsumerSettings, 'concurrency' | 'trace'> {
  /** Most jobs that one call of the handler gets, from 1 to 1000. */
  readonly size: number;
  /**
   * How long the first job of a batch waits for others, in ms; it counts towards `attemptTimeoutMs` of the queue, which must be longer.
   * Default 0: the handler gets what is there. To 60 000.
   */
  readonly lingerMs?: number;
  /** Batches that run at the same time in this consumer. Default 1; `size` times this is at most 1000. */
  readonly concurrency?: number;
}

/** Options of {@link createBatchConsumer}. */
export type BatchConsumerOptions = Backend & BatchConsumerSettings;

/**
 * Makes a consumer whose handler gets up to `size` jobs at a time; nothing happens before {@link Consumer.start}. Each job has its own attempts, time
 * limit, deadline and lease, and its outcome is its own where the handler tells them apart. A batch has one span, a trace of its own with a link
 * to what enqueued each job. A job whose process was lost with it (a suspect) is a batch of its own.
 *
 * @throws {QueueError} `INVALID_OPTION`, `KEY_PREFIX_UNSUPPORTED`.
 * @example
 * ```ts
 * import { createBatchConsumer, createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const events = defineQueue<{ user: number }>({ name: 'events' });
 * const store = memoryStore();
 * await createProducer(events, { store }).enqueueMany([{ user: 1 }, { user: 2 }, { user: 3 }]);
 * const insert = (rows: readonly { user: number }[]) => console.log(rows.length); // 3
 * const consumer = createBatchConsumer(events, (jobs) => insert(jobs.map(({ payload }) => payload)), { store, size: 100 });
 * await consumer.start();
 * await store.drain();
 * await consumer.stop();
 * ```
 */
export function createBatchConsumer<Input, Payload, Result>(
  queue: Queue<Input, Payload, Result>,
  handler: BatchHandler<Payload, NoInfer<Result>>,
  options: BatchConsumerOptions,
): Consumer {
  const known = [...CONSUMER_OPTIONS.filter((option) => option !== 'trace'), 'size', 'lingerMs'];
  refuseUnknown(options, known, 'createBatchConsumer');
  const { size, lingerMs = 0, concurrency = 1 } = options;
  if (typeof handler !== 'function') refuse('handler', handler, 'a function (jobs, context) => outcomes');
  checkWhole('size', size, 1, 1000);
  checkWhole('lingerMs', lingerMs, 0, Math.min(60_000, queue.options.attemptTimeoutMs - 1));
  checkWhole('concurrency', concurrency, 1, Math.floor(1000 / size));
  return makeConsumer(queue, options, concurrency, (batches) => ({
    handler: { size, lingerMs, batches, handler },
    concurrency: batches * size,
  }));
}
