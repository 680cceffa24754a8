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
   */
  schedule(run: () => void, ms: number, background?: boolean): () => void;
}

/** The clock of the process. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  epochMs: () => Date.now(),
  schedule(run: () => void, ms: number, background = false) {
    const timer = setTimeout(run, ms);
    if (background && typeof timer === 'object') timer.unref();
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
