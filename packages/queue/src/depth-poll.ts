import { context } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import type { QueueMetrics } from './metrics.ts';
import type { Store } from './store.ts';
import { untraced } from './tracing.ts';

const INTERVAL_MS = 2000;

/** Reads the depth of a queue every two seconds in the background, so that no scrape ever waits for Redis. Returns a function that stops it. */
export function pollDepth(queue: string, store: Store, metrics: QueueMetrics, clock: Clock): () => void {
  let stopped = false;
  let cancel = () => {};
  const poll = async () => {
    const counts = await context.with(untraced, () => store.counts()).catch(() => undefined);
    if (stopped) return;
    metrics.depth(queue, counts);
    cancel = clock.after(INTERVAL_MS, () => void poll());
  };
  void poll();
  return () => {
    stopped = true;
    cancel();
  };
}
