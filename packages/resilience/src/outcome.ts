/**
 * What an outcome means to the policies.
 *
 * | kind | retried | to a breaker |
 * |---|---|---|
 * | `success` | no | the dependency is well |
 * | `failure` | no: a repeat would fail again | the dependency is unwell |
 * | `transient` | yes | the dependency is unwell |
 * | `throttled` | yes, after `retryAfterMs` | nothing: the dependency is alive and asks for less |
 * | `ignored` | no | nothing |
 */
export type Classification = 'success' | 'failure' | 'transient' | 'throttled' | 'ignored';

/** A {@link Classification}, or `rejected`: a policy refused the call before it reached the dependency. */
export type OutcomeKind = Classification | 'rejected';

/** What a function did, before anyone judged it. */
export type RawOutcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** One run of the function inside a call. */
export interface AttemptRecord {
  /** 1 for the first run. */
  readonly attempt: number;
  /** 0; from 1 for a hedge beside that attempt. */
  readonly hedge: number;
  /** How it was judged. */
  readonly kind: OutcomeKind;
  /** What it rejected with; undefined when it returned a value. */
  readonly error: unknown;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** A call that returned a value. Its kind is not always `success`: a fetch response of status 503 is a value and `transient`. */
export interface ValueOutcome<T> {
  readonly ok: true;
  readonly value: T;
  readonly kind: OutcomeKind;
  /** Every attempt made, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** Milliseconds after which the dependency wants to be asked again, when it said so. */
  readonly retryAfterMs: number | undefined;
  /** Frees what the value holds; called by a retry that replaces it. */
  readonly discard?: (() => void) | undefined;
}

/** A call that ended in an error. */
export interface ErrorOutcome {
  readonly ok: false;
  readonly error: unknown;
  readonly kind: OutcomeKind;
  /** Every attempt made, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** Milliseconds after which a new try makes sense, when that is known. */
  readonly retryAfterMs: number | undefined;
}

/** The settled result of a call. */
export type Outcome<T> = ValueOutcome<T> | ErrorOutcome;

/** Building an error with its stack costs more than the whole call, and most callers of `executeOutcome` read only the kind. */
export class LateError implements ErrorOutcome {
  readonly ok = false;
  declare readonly kind: OutcomeKind;
  declare readonly attempts: readonly AttemptRecord[];
  declare readonly retryAfterMs: number | undefined;
  readonly #build: () => unknown;
  #error: unknown;

  constructor(kind: OutcomeKind, attempts: readonly AttemptRecord[], retryAfterMs: number | undefined, build: () => unknown) {
    this.kind = kind;
    this.attempts = attempts;
    this.retryAfterMs = retryAfterMs;
    this.#build = build;
  }

  get error(): unknown {
    return (this.#error ??= this.#build());
  }
}

/** Frees what a value holds that another takes the place of. What frees it is the user's, and must not end the call. */
export function discard(outcome: Outcome<unknown>): void {
  try {
    if (outcome.ok) outcome.discard?.();
  } catch {
    // Nobody will see the value: nothing is left to do.
  }
}
