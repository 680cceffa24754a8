import type { DeadReason, Outcome } from './outcome.ts';
import type { JobCounts } from './store.ts';

/** How an attempt ended, as metrics count it. */
export type AttemptOutcome = 'completed' | 'retried' | 'dead-lettered' | 'cancelled' | 'abandoned';

const NAMES = { completed: 'completed', retry: 'retried', dead: 'dead-lettered', cancelled: 'cancelled' } as const;

/** What a queue tells about itself; `@nines/queue/prometheus` makes one from a registry. Calls must be quick and must not throw. */
export interface QueueMetrics {
  /** One call that sent jobs to Redis has ended, well or with the code of an error. */
  sent(queue: string, jobs: number, seconds: number, errorCode: string | undefined): void;
  /** Jobs were claimed. */
  claimed(queue: string, jobs: number): void;
  /** A job began its first attempt after waiting so long. */
  waited(queue: string, seconds: number): void;
  /** An attempt ended. */
  attempted(queue: string, outcome: AttemptOutcome, seconds: number): void;
  /** Jobs were dead-lettered. */
  deadLettered(queue: string, reason: DeadReason, jobs: number): void;
  /** Leases of jobs of this process were lost. */
  leasesLost(queue: string, jobs: number): void;
  /** The event loop was blocked so long that leases were nearly lost, or are. */
  leaseAtRisk(queue: string): void;
  /** The state of the queue, polled in the background; undefined when Redis did not answer, so that no stale figure is shown. */
  depth(queue: string, counts: JobCounts | undefined): void;
}

/** Counts an attempt; there is no outcome where somebody else decides about the job. */
export function countAttempt(metrics: QueueMetrics | undefined, queue: string, outcome: Outcome | undefined, seconds: number): void {
  if (outcome?.verb === 'dead') metrics?.deadLettered(queue, outcome.reason, 1);
  metrics?.attempted(queue, outcome === undefined ? 'abandoned' : NAMES[outcome.verb], seconds);
}
