/**
 * Calls an observer that was handed in. What it throws is dropped: a listener must not stop a shutdown, a scrape or a health check.
 */
export function quiet(call: () => unknown): void {
  try {
    call();
  } catch {
    // Nobody to tell: the observer is the one that would be told.
  }
}
