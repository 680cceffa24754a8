import type { Queue } from './define.ts';
import type { ResolvedQueueOptions } from './options.ts';

/**
 * The partition of a job: FNV-1a, 32 bits, of its group, or of its id where it has none. Producers of every release must come to the same one, so this never changes.
 *
 * Source: Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function partitionOf(id: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % partitions;
}

/** What of a queue's options holds in one partition: its caps are shared out. */
export function partitionOptions(options: ResolvedQueueOptions, partition: number): ResolvedQueueOptions {
  const { partitions, maxWaiting, rateLimit, globalConcurrency, completed, dead, results } = options;
  if (partitions === 1) return options;
  const share = (retention: { readonly count: number; readonly ageMs: number }) => ({
    count: Math.ceil(retention.count / partitions),
    ageMs: retention.ageMs,
  });
  return Object.freeze({
    ...options,
    partition,
    maxWaiting: Math.floor(maxWaiting / partitions),
    rateLimit: rateLimit && { count: Math.floor(rateLimit.count / partitions), perMs: rateLimit.perMs },
    globalConcurrency: globalConcurrency && Math.floor(globalConcurrency / partitions),
    completed: share(completed),
    dead: share(dead),
    results: share(results),
  });
}

/** The partitions of a queue, each as a queue of its own; the queue itself where there is one. */
export function partitionsOf<Input, Output>(queue: Queue<Input, Output>): readonly Queue<Input, Output>[] {
  return Array.from({ length: queue.options.partitions }, (_, partition) =>
    queue.options.partitions === 1 ? queue : { ...queue, options: partitionOptions(queue.options, partition) },
  );
}
