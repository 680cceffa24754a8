import type { Clock } from '../clock.ts';
import { PAGE_MAX } from './scan.ts';
import { wait } from './wait.ts';

/** Holds bulk work to a rate. */
export interface Pace {
  /** How many to take at once, so that a second has ten steps where that is possible. */
  readonly batchSize: number;
  /** Resolves when more may be taken, `done` being what was taken so far: true, or false as soon as the signal is aborted. */
  ready(done: number): Promise<boolean>;
}

const STEPS_PER_SECOND = 10;

export function createPace(ratePerSecond: number | undefined, clock: Clock, signal: AbortSignal | undefined): Pace {
  const going = () => signal?.aborted !== true;
  if (ratePerSecond === undefined) return { batchSize: PAGE_MAX, ready: () => Promise.resolve(going()) };
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastDone = 0;
  return {
    batchSize: Math.min(PAGE_MAX, Math.ceil(ratePerSecond / STEPS_PER_SECOND)),
    async ready(done) {
      // Counted from the step before, so that a stall is not made up for by a burst.
      const waitMs = lastAt + ((done - lastDone) * 1000) / ratePerSecond - clock.now();
      if (waitMs > 0) await wait(waitMs, clock, signal);
      lastAt = clock.now();
      lastDone = done;
      return going();
    },
  };
}
