/** Events that arrive at a steady rate, whether or not the ones before have been answered. */
export interface Arrivals {
  /** Events each second from now on. */
  setRate(perSecond: number): void;
  stop(): void;
}

/**
 * Calls `arrive` at each moment at which an event is due. A machine that is late catches up, so the rate holds and what a slow answer makes
 * others wait is seen; a measure that pauses with the system it measures would hide it (coordinated omission).
 *
 * @param arrive - gets the moment at which the event was due, on the clock of `performance.now()`
 */
export function startArrivals(perSecond: number, arrive: (dueMs: number) => void): Arrivals {
  let everyMs = 1000 / perSecond;
  let dueMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const tick = () => {
    for (const now = performance.now(); dueMs <= now; dueMs += everyMs) arrive(dueMs);
    timer = setTimeout(tick, Math.max(0, dueMs - performance.now()));
  };
  tick();
  return {
    setRate(next) {
      everyMs = 1000 / next;
      dueMs = Math.min(dueMs, performance.now() + everyMs);
      clearTimeout(timer);
      tick();
    },
    stop: () => clearTimeout(timer),
  };
}
