import type { Clock } from './clock.ts';
import type { ResilienceError } from './errors.ts';
import type { AttemptRecord, ErrorOutcome, OutcomeKind } from './outcome.ts';

/** What the function of a call is given. */
export interface CallContext {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** 1 for the first run of the function. */
  readonly attempt: number;
  /** The `key` given to `execute`. */
  readonly key: string | undefined;
  /** Aborts when this attempt must stop: timeout, deadline or the caller. Made when first read, so an unread one costs nothing. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline; Infinity without one, never below 0. */
  remainingMs(): number;
}

/** What a policy is given: the context of the call and the means to bound it. */
export interface PolicyContext extends CallContext {
  /** Why this context was aborted; undefined while it was not. */
  readonly aborted: ResilienceError | undefined;
  /** The attempts of this call that have ended, oldest first. The list grows as the call goes on. */
  readonly attempts: readonly AttemptRecord[];
  /** Runs the listener when this context is aborted. Returns a function that takes the listener off. */
  onAbort(listener: (reason: ResilienceError) => void): () => void;
  /** A context of its own: aborted with this one, but not the other way round. Call {@link Fork.end} when it is done. */
  fork(changes?: { readonly attempt?: number; readonly deadlineAt?: number }): Fork;
  /** Waits; resolves to false at once when the context is aborted, else to true after `ms`. */
  sleep(ms: number): Promise<boolean>;
  /** The outcome of a call that a policy ends with an error. */
  fail(error: ResilienceError, kind: OutcomeKind): ErrorOutcome;
}

/** A context made by {@link PolicyContext.fork}. */
export interface Fork extends PolicyContext {
  /** Stops everything under this context. The first reason stays. */
  abort(reason: ResilienceError): void;
  /** Lets go of the context it came from. */
  end(): void;
}

/** What all contexts of one call share. */
export interface CallState {
  readonly pipeline: string;
  readonly key: string | undefined;
  readonly clock: Clock;
  readonly run: (ctx: CallContext) => unknown;
  readonly attempts: AttemptRecord[];
}

/** The one implementation of every context. */
export class Context implements Fork {
  readonly attempt: number;
  aborted: ResilienceError | undefined;
  readonly call: CallState;
  readonly #deadlineAt: number;
  #controller: AbortController | undefined;
  #listeners: Set<(reason: ResilienceError) => void> | undefined;
  #end: (() => void) | undefined;

  constructor(call: CallState, attempt = 1, deadlineAt: number = Number.POSITIVE_INFINITY) {
    this.call = call;
    this.attempt = attempt;
    this.#deadlineAt = deadlineAt;
  }

  get pipeline(): string {
    return this.call.pipeline;
  }

  get key(): string | undefined {
    return this.call.key;
  }

  get attempts(): readonly AttemptRecord[] {
    return this.call.attempts;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted !== undefined) this.#controller.abort(this.aborted);
    }
    return this.#controller.signal;
  }

  remainingMs(): number {
    return Math.max(0, this.#deadlineAt - this.call.clock.now());
  }

  onAbort(listener: (reason: ResilienceError) => void): () => void {
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  abort(reason: ResilienceError): void {
    if (this.aborted !== undefined) return;
    this.aborted = reason;
    for (const listener of this.#listeners ?? []) listener(reason);
    this.#controller?.abort(reason);
  }

  fork(changes: { readonly attempt?: number; readonly deadlineAt?: number } = {}): Context {
    const deadlineAt = Math.min(this.#deadlineAt, changes.deadlineAt ?? Number.POSITIVE_INFINITY);
    const child = new Context(this.call, changes.attempt ?? this.attempt, deadlineAt);
    if (this.aborted === undefined) child.#end = this.onAbort((reason) => child.abort(reason));
    else child.abort(this.aborted);
    return child;
  }

  end(): void {
    this.#end?.();
  }

  sleep(ms: number): Promise<boolean> {
    if (this.aborted !== undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.call.clock.schedule(() => {
        off();
        resolve(true);
      }, ms);
      const off = this.onAbort(() => {
        off();
        cancel();
        resolve(false);
      });
    });
  }

  fail(error: ResilienceError, kind: OutcomeKind): ErrorOutcome {
    return { ok: false, error, kind, attempts: this.call.attempts, retryAfterMs: error.retryAfterMs };
  }
}
