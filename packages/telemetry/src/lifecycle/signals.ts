import { type Clock, systemClock } from '../clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ShutdownReport } from './phases.ts';

/** Signals that mean "stop now, in order". */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** The part of `process` that is used; hand in another one in a test. */
export interface SignalSource {
  /** Calls `listener` at each such signal. */
  on(signal: StopSignal, listener: () => void): unknown;
  /** Takes a listener away. */
  off(signal: StopSignal, listener: () => void): unknown;
  /** Ends the process at once. */
  exit(code: number): unknown;
}

const signalNumbers: Readonly<Record<StopSignal, number>> = Object.freeze({ SIGINT: 2, SIGTERM: 15 });

/** Signals closer together than this are one wish to stop. */
const sameGestureMs = 500;

/** Options of {@link handleSignals}. */
export interface SignalOptions {
  /** Told of the first signal. Default: nobody. */
  readonly onSignal?: (signal: StopSignal) => void;
  /** Told of the report, just before the process exits. Default: nobody. */
  readonly onReport?: (report: ShutdownReport) => void;
  /** Where signals come from. Default `process`. */
  readonly source?: SignalSource;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/**
 * Shuts down on SIGTERM and SIGINT and exits: 0 when each step was done in time, else 1. A second signal exits at once with 128 + its number,
 * unless it comes within half a second of the first: on Ctrl-C the terminal and a parent such as npm each send one.
 * Returns a function that removes the handlers.
 *
 * @example
 * ```ts
 * import { createLifecycle, handleSignals } from '@nines/telemetry/lifecycle';
 * const remove = handleSignals(createLifecycle());
 * remove();
 * ```
 */
export function handleSignals(lifecycle: Lifecycle, options: SignalOptions = {}): () => void {
  const source: SignalSource = options.source ?? process;
  const clock = options.clock ?? systemClock;
  let firstMs: number | undefined;
  const stop = async (signal: StopSignal): Promise<void> => {
    const report = await lifecycle.shutdown(signal);
    options.onReport?.(report);
    source.exit(report.clean ? 0 : 1);
  };
  const receive = (signal: StopSignal) => () => {
    if (firstMs !== undefined) {
      if (clock.now() - firstMs >= sameGestureMs) source.exit(128 + signalNumbers[signal]);
      return;
    }
    firstMs = clock.now();
    options.onSignal?.(signal);
    void stop(signal);
  };
  const listeners = (['SIGTERM', 'SIGINT'] as const).map((signal) => [signal, receive(signal)] as const);
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
}
