/** Phases of a shutdown, in order. */
export type ShutdownPhase = 'unready' | 'drain-delay' | 'stop-accepting' | 'drain' | 'close' | 'flush';

/**
 * The phases in the order in which they run: tell the load balancer (`unready`), wait until it has heard (`drain-delay`),
 * take no new work (`stop-accepting`), finish what is in flight (`drain`), close connections (`close`), export what was recorded (`flush`).
 */
export const shutdownPhases: readonly ShutdownPhase[] = Object.freeze([
  'unready',
  'drain-delay',
  'stop-accepting',
  'drain',
  'close',
  'flush',
]);

/** What a shutdown step is given. */
export interface ShutdownStep {
  /** Why the process stops, such as `SIGTERM`. */
  readonly reason: string;
  /** Milliseconds that this step may take. */
  readonly remainingMs: number;
  /** Aborts when the time of this step is up. */
  readonly signal: AbortSignal;
}

/** One step of a shutdown. */
export type ShutdownFunction = (step: ShutdownStep) => unknown;

/** How one step ended. */
export interface StepReport {
  /** Its phase. */
  readonly phase: ShutdownPhase;
  /** Its name. */
  readonly name: string;
  /** `done`, `failed` (it threw or rejected), or `late` (it did not end in time and was left behind). */
  readonly outcome: 'done' | 'failed' | 'late';
  /** How long it was waited for. */
  readonly durationMs: number;
  /** What it threw. */
  readonly error?: unknown;
}

/** How a shutdown went. */
export interface ShutdownReport {
  /** Why the process stopped. */
  readonly reason: string;
  /** Whether each step was done in time. */
  readonly clean: boolean;
  /** Milliseconds from the first phase to the last. */
  readonly durationMs: number;
  /** Each step in the order in which it ended. */
  readonly steps: readonly StepReport[];
}
