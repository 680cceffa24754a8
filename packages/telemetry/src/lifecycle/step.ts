import type { Clock } from '../clock.ts';
import { quiet } from '../quiet.ts';
import type { ShutdownFunction, ShutdownPhase, StepReport } from './phases.ts';

/** Runs one step until it ends or `endMs` is reached, whichever comes first; never rejects. */
export type StepRunner = (phase: ShutdownPhase, name: string, fn: ShutdownFunction, endMs: number) => Promise<void>;

/** Creates the runner of one shutdown; `report` hears of each step as it ends. */
export function createStepRunner(clock: Clock, reason: string, report: (step: StepReport) => void): StepRunner {
  return (phase, name, fn, endMs) => {
    const startedMs = clock.now();
    const remainingMs = Math.max(0, Math.floor(endMs - startedMs));
    const controller = new AbortController();
    return new Promise((resolve) => {
      let open = true;
      const end = (outcome: StepReport['outcome'], error?: unknown): void => {
        if (!open) return;
        open = false;
        timer.cancel();
        const durationMs = clock.now() - startedMs;
        quiet(() => report(error === undefined ? { phase, name, outcome, durationMs } : { phase, name, outcome, durationMs, error }));
        resolve();
      };
      // Keeps the process alive: a shutdown that waits for a promise alone must not end in the middle.
      const timer = clock.after(
        remainingMs,
        () => {
          controller.abort(new Error(`out of time after ${remainingMs} ms`));
          end('late');
        },
        false,
      );
      new Promise((done) => done(fn({ reason, remainingMs, signal: controller.signal }))).then(
        () => end('done'),
        (error: unknown) => end('failed', error),
      );
    });
  };
}
