import type { Clock } from '../src/clock.ts';

/** A clock that moves only when told to. */
export interface FakeClock extends Clock {
  /** Moves on and runs what is due, in order; promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Timers that wait. */
  waiting(): number;
}

interface Pending {
  readonly atMs: number;
  readonly task: () => void;
}

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A {@link FakeClock} at 0. */
export function fakeClock(): FakeClock {
  let nowMs = 0;
  const pending = new Set<Pending>();
  return {
    now: () => nowMs,
    after(delayMs, task) {
      const entry = { atMs: nowMs + delayMs, task };
      pending.add(entry);
      return { cancel: () => pending.delete(entry) };
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const [next] = [...pending].filter((entry) => entry.atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        pending.delete(next);
        nowMs = next.atMs;
        next.task();
        await settle();
      }
      nowMs = endMs;
    },
    waiting: () => pending.size,
  };
}
