import type { Attempt } from './attempts.ts';

/** What a batch handler may ask and use besides the jobs. */
export interface BatchContext {
  /** Aborted when nobody needs the batch any more: each of its jobs has timed out, passed its deadline or lost its lease, or the consumer stops. */
  readonly signal: AbortSignal;
  /** Milliseconds left to the job that has the least. */
  readonly remainingMs: () => number;
}

/** The jobs that one call of a batch handler has, as long as it is needed. */
export class RunningBatch implements BatchContext {
  /** Resolves when no job of it is needed any more. */
  readonly over: Promise<undefined>;
  readonly #attempts: Set<Attempt>;
  readonly #end: () => void;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(attempts: readonly Attempt[]) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.over = promise;
    this.#end = () => resolve(undefined);
    this.#attempts = new Set(attempts);
  }

  get signal(): AbortSignal {
    const controller = (this.#controller ??= new AbortController());
    if (this.#attempts.size === 0 && !controller.signal.aborted) controller.abort(this.#reason);
    return controller.signal;
  }

  readonly remainingMs = (): number => {
    const left = [...this.#attempts].map((attempt) => attempt.remainingMs());
    return left.length === 0 ? 0 : Math.min(...left);
  };

  /** The attempt was given up. */
  left(attempt: Attempt): void {
    if (!this.#attempts.delete(attempt) || this.#attempts.size > 0) return;
    this.#reason = attempt.abandoned;
    this.#controller?.abort(attempt.abandoned);
    this.#end();
  }
}
