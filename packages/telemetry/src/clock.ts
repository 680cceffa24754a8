import { performance, PerformanceObserver } from 'node:perf_hooks';

/** A way to stop a timer that was started by a {@link Clock}. */
export interface Timer {
  /** Stops the timer; harmless when it already ran. */
  cancel(): void;
}

/**
 * Time as the package sees it. Hand in your own to drive a test without waiting.
 *
 * @example
 * ```ts
 * import { systemClock, type Clock } from '@nines/telemetry/health';
 * const clock: Clock = systemClock;
 * console.log(clock.now() >= 0);
 * ```
 */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Runs `task` once after `delayMs`. A background timer does not keep the process alive. */
  after(delayMs: number, task: () => void, background?: boolean): Timer;
}

/** The real clock: monotonic milliseconds and Node's timers. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  after(delayMs: number, task: () => void, background = true): Timer {
    const timer = setTimeout(task, delayMs);
    if (background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
});

/** Seconds since the epoch at which this process started. */
export function processStartSeconds(): number {
  return performance.timeOrigin / 1000;
}

/** Seconds since the epoch, for what others compare with their own time. */
export function epochSeconds(): number {
  return Date.now() / 1000;
}

let isoMs = Number.NaN;
let isoText = '';

/** The time as ISO 8601 in UTC. Lines of one millisecond share the text: making it costs as much as the rest of a line. */
export function isoTime(): string {
  const now = Date.now();
  if (now !== isoMs) {
    isoMs = now;
    isoText = new Date(now).toISOString();
  }
  return isoText;
}

/** Share of time since the last call, from 0 to 1, in which the event loop was busy. */
export function loopUtilization(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, last);
    last = current;
    return Number.isFinite(utilization) ? utilization : 0;
  };
}

/** Calls `onPause` with the seconds of each garbage collection until the returned function is called. */
export function watchGarbageCollection(onPause: (seconds: number) => void): () => void {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) onPause(entry.duration / 1000);
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

const lagProbeMs = 10;

/**
 * Calls `onLag` a hundred times a second with the seconds by which the event loop was late, until the returned function is called.
 * A block is seen in full but for the part of the pause in which it began (10 ms at most); an idle loop gives next to 0.
 */
export function watchLoopLag(onLag: (seconds: number) => void): () => void {
  let dueMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    dueMs = performance.now() + lagProbeMs;
    timer = setTimeout(() => {
      // A timer may come a millisecond early: Node rounds.
      onLag(Math.max(0, performance.now() - dueMs) / 1000);
      next();
    }, lagProbeMs).unref();
  };
  next();
  return () => clearTimeout(timer);
}
