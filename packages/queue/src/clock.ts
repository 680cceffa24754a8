/** Where the queue gets its time from; replace it in tests. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean something. */
  now(): number;
  /** Wall-clock milliseconds since 1970; used only inside generated ids. */
  wallMs(): number;
  /** Calls `task` once after `delayMs`; returns a function that cancels it. The timer keeps the process alive only if `keepAlive`. */
  after(delayMs: number, task: () => void, keepAlive?: boolean): () => void;
  /** Calls `task` when the present turn of the event loop is over. */
  endOfTurn(task: () => void): void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task, keepAlive = false) {
    const timer = setTimeout(task, Math.max(0, Math.min(delayMs, 2_147_483_647)));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
  endOfTurn(task) {
    setImmediate(task);
  },
};

/** Random numbers of the machine, from 0 to 1. */
export const systemRandom: () => number = Math.random;

/** Milliseconds until the next whole multiple of a period, so that all that waits for it wakes at the same moment. */
export function untilNext(periodMs: number, clock: Clock): number {
  return periodMs - (clock.now() % periodMs);
}
