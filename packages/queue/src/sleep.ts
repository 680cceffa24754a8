import { untilNext, type Clock } from './clock.ts';
import type { Store } from './store.ts';

/** Wakes a consumer that found nothing: when something is due, or after a while for the case that a wake-up was lost. */
export interface Sleep {
  /** Begins anew; `dueMs` is when something may become claimable by itself. */
  begin(dueMs: number | undefined): void;
  cancel(): void;
}

/** Longest sleep without a look. */
const SLEEP_MS_MAX = 5000;

export function createSleep(store: Store, clock: Clock, wake: () => void): Sleep {
  let cancel = () => {};
  // Bumped by every beginning and end, so that a look that is answered later wakes nobody.
  let sleeps = 0;
  const begin = (dueMs: number | undefined): void => {
    cancel();
    const own = (sleeps += 1);
    if (dueMs !== undefined) {
      cancel = clock.after(Math.min(dueMs, SLEEP_MS_MAX), wake);
      return;
    }
    // Nothing comes by itself, so all idle queues of a process look at the same moment, which is one command for Redis.
    cancel = clock.after(untilNext(SLEEP_MS_MAX, clock), () => void look(own));
  };
  const look = async (own: number): Promise<void> => {
    const empty = await store.isEmpty().catch(() => false);
    if (own !== sleeps) return;
    if (empty) begin(undefined);
    else wake();
  };
  return {
    begin,
    cancel() {
      sleeps += 1;
      cancel();
    },
  };
}
