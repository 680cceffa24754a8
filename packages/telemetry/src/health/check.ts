import type { Clock, Timer } from '../clock.ts';
import { booleanOption, refuseUnknown, whole } from '../options.ts';

/** Result of the last runs of a check; `unknown` before the first one ended, `stale` when the last one is too old to be believed. */
export type CheckState = 'unknown' | 'up' | 'down' | 'stale';

/** Resolves or returns when all is well; throws or rejects when not. `signal` aborts at the timeout. */
export type CheckFunction = (signal: AbortSignal) => unknown;

/** Options of one check. */
export interface CheckOptions {
  /** Pause between the end of a run and the next one. Default 10000. */
  readonly intervalMs?: number;
  /** Longest run; a longer one counts as failed. Default 2000. */
  readonly timeoutMs?: number;
  /** Failures in a row that make an up check down; one success makes it up again. Default 1. */
  readonly failureThreshold?: number;
  /** Age at which the last result is no longer believed, as when the process stood still. Default three times interval and timeout. */
  readonly maxStalenessMs?: number;
  /**
   * Whether the process is unready while this fails. Default true. `false` is for what all instances share, a database of theirs for example:
   * unready together, they would leave callers to a load balancer that has nobody to ask. It is still told, and startup still waits for it.
   */
  readonly readiness?: boolean;
}

/** A check that runs in the background. */
export interface RunningCheck {
  start(): void;
  stop(): void;
  state(): CheckState;
  passedOnce(): boolean;
  /** Whether the process may be ready, as far as this goes. */
  allowsReady(): boolean;
}

/** Runs that ignore their abort signal are left behind; beyond this many the check waits for one of them. */
const mostAbandoned = 5;

function resolve(options: CheckOptions): Required<CheckOptions> {
  refuseUnknown('check', options, ['intervalMs', 'timeoutMs', 'failureThreshold', 'maxStalenessMs', 'readiness']);
  const intervalMs = whole('intervalMs', options.intervalMs, 10_000, 10, 3_600_000);
  const timeoutMs = whole('timeoutMs', options.timeoutMs, 2000, 1, 60_000);
  return {
    intervalMs,
    timeoutMs,
    failureThreshold: whole('failureThreshold', options.failureThreshold, 1, 1, 100),
    maxStalenessMs: whole('maxStalenessMs', options.maxStalenessMs, 3 * (intervalMs + timeoutMs), intervalMs, 86_400_000),
    readiness: booleanOption('readiness', options.readiness, true),
  };
}

/** Repeats `fn` with a timeout and remembers the last result. */
export function createCheck(
  clock: Clock,
  fn: CheckFunction,
  options: CheckOptions,
  onChange: (state: CheckState, error?: unknown) => void,
): RunningCheck {
  const { intervalMs, timeoutMs, failureThreshold, maxStalenessMs, readiness } = resolve(options);
  let state: CheckState = 'unknown';
  let failures = 0;
  let endedMs = 0;
  let passed = false;
  let stopped = false;
  let abandoned = 0;
  let timer: Timer | undefined;

  function settle(result: 'up' | 'down', error?: unknown): void {
    if (stopped) return;
    passed ||= result === 'up';
    failures = result === 'up' ? 0 : failures + 1;
    endedMs = clock.now();
    // A check that never passed is down at its first failure: nothing says yet that it works.
    const next = state === 'up' && failures < failureThreshold ? 'up' : result;
    const changed = next !== state;
    state = next;
    timer = clock.after(intervalMs, run);
    if (changed) onChange(next, error);
  }

  function run(): void {
    if (abandoned >= mostAbandoned) return settle('down', new Error(`${abandoned} earlier runs have not ended`));
    const controller = new AbortController();
    let open = true;
    const close = (next: 'up' | 'down', error?: unknown): void => {
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
    new Promise((done) => done(fn(controller.signal))).then(
      () => close('up'),
      (error: unknown) => close('down', error),
    );
  }

  const believed = (): CheckState => (state !== 'unknown' && clock.now() - endedMs > maxStalenessMs ? 'stale' : state);
  return {
    start: run,
    stop() {
      stopped = true;
      timer?.cancel();
    },
    state: believed,
    passedOnce: () => passed,
    allowsReady: () => believed() === 'up' || (!readiness && passed),
  };
}
