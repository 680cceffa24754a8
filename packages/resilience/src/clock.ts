import { CoarseTimers, TICK_MS, type Ticker } from './coarse-timers.ts';

/** Time as this package sees it. Hand in your own to test without waiting. */
export interface Clock {
  /** Milliseconds from a fixed point; never goes back. */
  now(): number;
  /** Milliseconds since 1970, to compare with dates that others send. */
  epochMs(): number;
  /**
   * Runs a function once, after `ms` milliseconds. Returns a function that calls it off.
   *
   * @param background - true when the process may exit before it ran.
   * @param now - what {@link Clock.now} said a moment ago, when the caller has it; spares reading the clock. May be passed over.
   */
  schedule(run: () => void, ms: number, background?: boolean, now?: number): () => void;
}

/** The global itself is a getter, which would be asked at every reading. */
const { performance: source } = globalThis;
const now = (): number => source.now();

/** One interval under all coarse timeouts of the process. */
const ticker: Ticker = (tick) => {
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
};

/** Shorter timeouts get a timer of their own, because one tick late would be too much. */
const EXACT_BELOW_MS = 50;

const timers = new CoarseTimers(ticker, now);

/**
 * The clock of the process. A timeout below 50 ms, or in the background, has a timer of its own; others share one timer and
 * come up to 10 ms late, never early. That timer runs only while something waits.
 */
export const systemClock: Clock = Object.freeze({
  now,
  epochMs: () => Date.now(),
  schedule(run: () => void, ms: number, background = false, at?: number) {
    if (ms >= EXACT_BELOW_MS && !background) return timers.schedule(run, ms, at);
    const timer = setTimeout(run, ms);
    // A browser's timer is a number.
    if (background) (timer as Partial<typeof timer>).unref?.();
    return () => clearTimeout(timer);
  },
});

/** The chance of the process: numbers from 0 up to 1. */
export const systemRandom: () => number = Math.random;

/** The three date forms of RFC 9110 §5.6.7: a day name first and a time inside. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/;

/** An HTTP date as milliseconds since 1970, or NaN. HTTP dates are GMT, also in the old form that does not say so. */
export function parseHttpDate(text: string): number {
  if (!HTTP_DATE.test(text)) return Number.NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
