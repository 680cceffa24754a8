import type { Clock, Timer } from '../clock.ts';
import { refuseUnknown, whole } from '../options.ts';

/** Result of the last run of a check; `unknown` before the first one ended. */
export type CheckState = 'unknown' | 'up' | 'down';

/** Resolves or returns when all is well; throws or rejects when not. `signal` aborts at the timeout. */
export type CheckFunction = (signal: AbortSignal) => unknown;

/** Options of one check. */
export interface CheckOptions {
  /** Pause between the end of a run and the next one. Default 10000. */
  readonly intervalMs?: number;
  /** Longest run; a longer one counts as failed. Default 2000. */
  readonly timeoutMs?: number;
}

/** A check that runs in the background. */
export interface RunningCheck {
  start(): void;
  stop(): void;
  state(): CheckState;
  passedOnce(): boolean;
}

/** Runs that ignore their abort signal are left behind; beyond this many the check waits for one of them. */
const mostAbandoned = 5;

/** Repeats `fn` with a timeout and remembers the last result. */
export function createCheck(
  clock: Clock,
  fn: CheckFunction,
  options: CheckOptions,
  onChange: (state: CheckState, error?: unknown) => void,
): RunningCheck {
  refuseUnknown('check', options, ['intervalMs', 'timeoutMs']);
  const intervalMs = whole('intervalMs', options.intervalMs, 10_000, 10, 3_600_000);
  const timeoutMs = whole('timeoutMs', options.timeoutMs, 2000, 1, 60_000);
  let state: CheckState = 'unknown';
  let passed = false;
  let stopped = false;
  let abandoned = 0;
  let timer: Timer | undefined;

  function settle(next: CheckState, error?: unknown): void {
    if (stopped) return;
    passed ||= next === 'up';
    const changed = next !== state;
    state = next;
    timer = clock.after(intervalMs, run);
    if (changed) onChange(next, error);
  }

  function run(): void {
    if (abandoned >= mostAbandoned) return settle('down', new Error(`${abandoned} earlier runs have not ended`));
    const controller = new AbortController();
    let open = true;
    const close = (next: CheckState, error?: unknown): void => {
      if (!open) {
        abandoned -= 1;
        return;
      }
      open = false;
      timer?.cancel();
      settle(next, error);
    };
    timer = clock.after(timeoutMs, () => {
      const error = new Error(`timed out after ${timeoutMs} ms`);
      open = false;
      abandoned += 1;
      controller.abort(error);
      settle('down', error);
    });
    new Promise((resolve) => resolve(fn(controller.signal))).then(
      () => close('up'),
      (error: unknown) => close('down', error),
    );
  }

  return {
    start: run,
    stop() {
      stopped = true;
      timer?.cancel();
    },
    state: () => state,
    passedOnce: () => passed,
  };
}
