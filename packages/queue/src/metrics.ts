import type { DeadReason } from './outcome.ts';
import type { JobCounts } from './store.ts';

/** How an attempt ended, as metrics count it. */
export type AttemptOutcome = 'completed' | 'retried' | 'dead-lettered' | 'abandoned';

/** What a queue tells about itself; `@nines/queue/prometheus` makes one from a registry. Calls must be quick and must not throw. */
export interface QueueMetrics {
  sent(queue: string, jobs: number, seconds: number, errorCode: string | undefined): void;
  claimed(queue: string, jobs: number): void;
  waited(queue: string, seconds: number): void;
  attempted(queue: string, outcome: AttemptOutcome, seconds: number): void;
  deadLettered(queue: string, reason: DeadReason, jobs: number): void;
  leasesLost(queue: string, jobs: number): void;
  /** The state of the queue, polled in the background; undefined when Redis did not answer, so that no stale figure is shown. */
  depth(queue: string, counts: JobCounts | undefined): void;
}
