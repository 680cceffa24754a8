import { context } from '@opentelemetry/api';
import { untilNext, type Clock } from './clock.ts';
import type { QueueMetrics } from './metrics.ts';
import type { QueueView } from './join-stores.ts';
import type { JobCounts } from './store.ts';
import { untraced } from './tracing.ts';

const INTERVAL_MS = 2000;
/** All idle queues of a process are asked about at the same moment, by one command. */
const IDLE_INTERVAL_MS = 5000;
const EMPTY: JobCounts = Object.freeze({ waiting: 0, delayed: 0, due: 0, active: 0, completed: 0, dead: 0, oldestAgeMs: 0, paused: false });

/**
 * Reads the depth of a queue every two seconds in the background, every five while it is empty, so that no scrape ever waits for Redis.
 * Returns a function that stops it.
 */
export function pollDepth(queue: string, store: Pick<QueueView, 'counts' | 'isEmpty'>, metrics: QueueMetrics, clock: Clock): () => void {
  let stopped = false;
  let cancel = () => {};
  let empty = false;
  const read = async () => (empty && (await store.isEmpty()) ? EMPTY : store.counts());
  const poll = async () => {
    const counts = await context.with(untraced, read).catch(() => undefined);
    if (stopped) return;
    metrics.depth(queue, counts);
    empty = counts !== undefined && counts.waiting + counts.delayed + counts.active + counts.completed + counts.dead === 0;
    cancel = clock.after(empty ? untilNext(IDLE_INTERVAL_MS, clock) : INTERVAL_MS, () => void poll());
  };
  void poll();
  return () => {
    stopped = true;
    cancel();
  };
}
