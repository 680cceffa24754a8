import type { Clock } from './clock.ts';

/** Waits until there is nothing left, for a while. */
export interface DrainWatch {
  /** There may be nothing left now. */
  look(): void;
  /** Resolves to true once a look finds nothing left, or to false after so many milliseconds. */
  within(timeoutMs: number): Promise<boolean>;
}

export function createDrainWatch(clock: Clock, isDrained: () => boolean): DrainWatch {
  let look = () => {};
  return {
    look: () => look(),
    within: (timeoutMs) =>
      new Promise((resolve) => {
        const cancel = clock.after(timeoutMs, () => resolve(false), true);
        look = () => {
          if (!isDrained()) return;
          cancel();
          resolve(true);
        };
        look();
      }),
  };
}
