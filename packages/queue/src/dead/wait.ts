import type { Clock } from '../clock.ts';

/** Resolves after a time, or as soon as the signal is aborted. */
export function wait(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done, true);
    if (signal?.aborted === true) done();
    else signal?.addEventListener('abort', done);
  });
}
