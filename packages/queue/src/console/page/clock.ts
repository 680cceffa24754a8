/** The only place of the page that knows time. */

/** Calls `task` once after so many milliseconds; returns a function that cancels it. */
export function after(delayMs: number, task: () => void): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}

/** Milliseconds since 1970 of the visitor's machine; only for times of day that are shown. */
export function nowMs(): number {
  return Date.now();
}
