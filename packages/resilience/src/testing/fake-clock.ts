import { checkOption, type Clock, type OptionCheck, resolveOptions } from '@nines/resilience';
import { TimerHeap } from './timers.ts';

/** Options of {@link FakeClock}. */
export interface FakeClockOptions {
  /** What `epochMs()` says at the start. Default: 2026-01-01T00:00:00Z. */
  readonly epochMs?: number;
}

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
}

const finite: OptionCheck = (value) => (Number.isFinite(value) ? undefined : 'a finite number');
const duration: OptionCheck = (value) => (Number.isFinite(value) && (value as number) >= 0 ? undefined : 'a finite number from 0');

/** Lets every promise that can settle do so: the turn of an immediate comes after all of them. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * A clock whose time moves only when it is told to, and which runs the timers set on it: hand it to a pipeline and an hour of
 * backoff passes at once. The same calls give the same order of events on every machine.
 *
 * @example
 * ```ts
 * import { pipeline, timeout } from '@nines/resilience';
 * import { FakeClock } from '@nines/resilience/testing';
 *
 * const clock = new FakeClock();
 * const slow = pipeline('slow', [timeout({ attemptMs: 60_000 })], { clock });
 * const outcome = slow.executeOutcome(() => new Promise(() => {}));
 * await clock.advance(60_000);
 * console.log((await outcome).kind, clock.now()); // transient 60000
 * ```
 */
export class FakeClock implements Clock {
  #now = 0;
  #epochMs: number;
  #order = 0;
  #moving: Promise<void> = Promise.resolve();
  readonly #timers = new TimerHeap();
  readonly #waiters = new Set<Waiter>();

  /** @throws ResilienceError `INVALID_OPTION` */
  constructor(options: FakeClockOptions = {}) {
    const defaults = { epochMs: Date.parse('2026-01-01T00:00:00Z') };
    this.#epochMs = resolveOptions<Required<FakeClockOptions>>('FakeClock', options, defaults, { epochMs: finite }).epochMs;
  }

  /** Milliseconds since the clock was made. Not bound to the object: may be passed on alone. */
  readonly now = (): number => this.#now;

  /** Milliseconds since 1970. */
  readonly epochMs = (): number => this.#epochMs + this.#now;

  /** Sets a timer that {@link FakeClock.advance} runs. Returns a function that calls it off. */
  readonly schedule = (run: () => void, ms: number, _background?: boolean): (() => void) => {
    const timer = { at: this.#now + (ms > 0 ? ms : 0), order: this.#order++, run, cancelled: false };
    this.#timers.add(timer);
    for (const waiter of this.#waiters) {
      if (this.#timers.size < waiter.count) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
    return () => this.#timers.cancel(timer);
  };

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined when none waits. */
  get nextMs(): number | undefined {
    const next = this.#timers.peek();
    return next === undefined ? undefined : next.at - this.#now;
  }

  /**
   * Moves time on. Runs each timer that becomes due, in order, and lets promises settle before, between and after them.
   * A second call waits for the first.
   *
   * @param ms - milliseconds, from 0.
   * @throws ResilienceError `INVALID_OPTION`, and what a timer threw; the clock then stands at that timer.
   */
  advance(ms: number): Promise<void> {
    checkOption('advance', 'ms', ms, duration);
    const moved = this.#moving.then(() => this.#move(ms));
    this.#moving = moved.catch(() => {});
    return moved;
  }

  /** Resolves when at least `count` timers wait: for code that sets its timer only after real input came in. */
  scheduled(count = 1): Promise<void> {
    if (this.#timers.size >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add({ count, resolve }));
  }

  /** Sets the date alone, forwards or back, as an administrator or a time server does. `now()` and timers do not move. */
  setEpochMs(epochMs: number): void {
    checkOption('setEpochMs', 'epochMs', epochMs, finite);
    this.#epochMs = epochMs - this.#now;
  }

  async #move(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#timers.peek(); next !== undefined && next.at <= end; next = this.#timers.peek()) {
      this.#timers.pop();
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = end;
  }
}
