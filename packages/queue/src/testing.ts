import type { Queue } from './define.ts';
import { createMemoryQueue, type MemoryQueue } from './memory/queue.ts';
import { createMemoryStore } from './memory/store.ts';
import { systemClock } from './clock.ts';
import type { StoreFactory } from './open-store.ts';
import type { ResolvedQueueOptions } from './options.ts';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Milliseconds since 1970 by which delays and leases run. Default: the machine's clock. */
  readonly nowMs?: () => number;
}

/**
 * Keeps queues in this process, for unit tests of code that enqueues and consumes: the same verbs and the same answers as Redis,
 * proved by the same conformance suite. Hand the same store to both sides.
 *
 * What it cannot promise: other processes see nothing of it, and nothing survives the process.
 *
 * @example
 * ```ts
 * import { createInspector, createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * const store = memoryStore();
 * await createProducer(orders, { store }).enqueue({ sku: 'A-1' });
 * console.log((await createInspector(orders, { store }).counts()).waiting); // 1
 * ```
 */
export function memoryStore({ nowMs = () => systemClock.wallMs() }: MemoryStoreOptions = {}): StoreFactory {
  const queues = new Map<string, MemoryQueue>();
  const find = (options: ResolvedQueueOptions) => {
    const key = `${options.namespace}/${options.name}`;
    const existing = queues.get(key) ?? createMemoryQueue(options, nowMs);
    queues.set(key, existing);
    return existing;
  };
  return (queue: Queue<unknown>) => createMemoryStore(find(queue.options), find);
}
