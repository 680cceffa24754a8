import type { QueueError } from './errors.ts';
import type { ResolvedQueueOptions } from './options.ts';

/** How long a consumer waits before it sends again what failed. */
export interface RepeatPace {
  after(error: QueueError): number;
  /** The store answered: the next failure is the first one. */
  answered(): void;
}

const REPEAT_MS = 100;
const REFUSED_MS_MAX = 5000;

/**
 * What may succeed at once is repeated soon. What was refused for good (a right that is missing, a key of the wrong type) will be until somebody
 * mends it: twice as long each time, but no longer than a third of the lease, so that what runs meanwhile is not lost when it is mended soon.
 */
export function createRepeatPace({ leaseMs }: Pick<ResolvedQueueOptions, 'leaseMs'>): RepeatPace {
  const maxMs = Math.max(REPEAT_MS, Math.min(REFUSED_MS_MAX, leaseMs / 3));
  let waitMs = REPEAT_MS;
  return {
    after(error) {
      if (error.retryable) return REPEAT_MS;
      const own = waitMs;
      waitMs = Math.min(waitMs * 2, maxMs);
      return own;
    },
    answered() {
      waitMs = REPEAT_MS;
    },
  };
}
