import { type Clock, type Criticality, ResilienceError } from '@nines/resilience';

/** What a server knows of the request it serves. */
export interface RequestContext {
  /** How much the request matters. */
  readonly criticality: Criticality;
  /** Aborts at the deadline, and when the client has left. Hand it to every call made for this request. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline; Infinity without one, never below 0. */
  remainingMs(): number;
}

/** One admitted request. */
export class ServedRequest implements RequestContext {
  readonly criticality: Criticality;
  readonly #clock: Clock;
  readonly #deadlineAt: number;
  readonly #controller = new AbortController();
  readonly #cancel: (() => void) | undefined;

  constructor(clock: Clock, criticality: Criticality, deadlineMs: number | undefined) {
    this.criticality = criticality;
    this.#clock = clock;
    this.#deadlineAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + deadlineMs;
    if (deadlineMs === undefined) return;
    const expire = (): void =>
      this.#controller.abort(
        new ResilienceError('DEADLINE_EXCEEDED', `the request had ${Math.round(deadlineMs)} ms`, { policy: 'admission' }),
      );
    this.#cancel = clock.schedule(expire, deadlineMs, true);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remainingMs(): number {
    return Math.max(0, this.#deadlineAt - this.#clock.now());
  }

  /** The request is over. */
  end(answered: boolean): void {
    this.#cancel?.();
    if (!answered) this.#controller.abort(new ResilienceError('ABORTED', 'the client has left', { policy: 'admission' }));
  }
}
