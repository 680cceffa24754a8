import type { Clock } from './clock.ts';
import type { Queue } from './define.ts';
import { QueueError } from './errors.ts';
import type { QueueMetrics } from './metrics.ts';

/**
 * Foretells that a lease will be lost because a handler blocks the event loop: nothing is renewed meanwhile, not even by a timer.
 * It looks at ticks, which a blocked event loop delays. A short block is reported before it costs a lease; one that is longer than
 * the lease is reported when it ends, which is when this process learns of its loss too.
 */
export interface LeaseWatch {
  /** To be called every `everyMs`; tells of the risk once until the next renewal. */
  tick(renewedAt: number, job: string, others: number): void;
}

/** The share of a lease that may pass without renewal. */
const SILENCE_MAX = 1 / 2;
/** A tick that is late by this share of the lease shows that the event loop was blocked, and not that Redis is slow. */
const LATENESS_MIN = 1 / 8;

interface LeaseWatchOptions {
  readonly queue: Pick<Queue<unknown, unknown>, 'name' | 'options'>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly metrics: QueueMetrics | undefined;
  readonly onError: (error: QueueError) => void;
}

export function createLeaseWatch({ queue, everyMs, clock, metrics, onError }: LeaseWatchOptions): LeaseWatch {
  const { leaseMs } = queue.options;
  let tickedAt = clock.now();
  let toldOf: number | undefined;
  return {
    tick(renewedAt, job, others) {
      const now = clock.now();
      const lateMs = now - tickedAt - everyMs;
      tickedAt = now;
      const silentMs = Math.round(now - renewedAt);
      if (silentMs < leaseMs * SILENCE_MAX || lateMs < leaseMs * LATENESS_MIN || toldOf === renewedAt) return;
      toldOf = renewedAt;
      metrics?.leaseAtRisk(queue.name);
      const risk = `the lease of queue ${queue.name} was not renewed for ${silentMs} ms of leaseMs (${leaseMs} ms)`;
      const by = `most likely by job ${job} (${others} others run here)`;
      onError(new QueueError('LEASE_AT_RISK', `the event loop was blocked: ${risk}, ${by}`));
    },
  };
}
