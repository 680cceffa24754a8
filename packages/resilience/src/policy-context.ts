import type { Judgement } from './classify.ts';
import type { ResilienceError, ResilienceErrorCode } from './errors.ts';
import type { RejectionReason } from './events.ts';
import type { AttemptRecord, ErrorOutcome, Outcome, OutcomeKind, RawOutcome } from './outcome.ts';
import type { Criticality } from './propagation.ts';

/** What the function of a call is given. */
export interface CallContext {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** 1 for the first run of the function, one more with each retry. A hedge has the number of the attempt it stands beside. */
  readonly attempt: number;
  /** 0, or from 1 in a hedge: which one beside this attempt. Such as for another replica: `hosts[ctx.hedge % hosts.length]`. */
  readonly hedge: number;
  /** The `key` given to `execute`. */
  readonly key: string | undefined;
  /** The `criticality` given to `execute`; `critical` when none was given. */
  readonly criticality: Criticality;
  /** The `idempotent` given to `execute`. */
  readonly idempotent: boolean | undefined;
  /** Aborts when this attempt must stop: timeout, deadline or the caller. Made when first read, so an unread one costs nothing. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline; Infinity without one, never below 0. */
  remainingMs(): number;
  /** Deadline (`grpc-timeout`, when there is one) and criticality (`x-criticality`) for the next hop, as HTTP headers. */
  headers(): Record<string, string>;
}

/** What is different in a context made by {@link PolicyContext.fork}. */
export interface ForkChanges {
  /** Default: that of the context it came from, as for {@link ForkChanges.hedge}. */
  readonly attempt?: number;
  readonly hedge?: number;
  /** By the pipeline's clock; kept when it is nearer. */
  readonly deadlineAt?: number;
}

/** What a policy is given: the context of the call and the means to bound it. */
export interface PolicyContext extends CallContext {
  /** The clock as this call last read it, in milliseconds: near enough for counting, and cheaper than a reading. */
  readonly now: number;
  /** Why this context was aborted; undefined while it was not. */
  readonly aborted: ResilienceError | undefined;
  /** The attempts of this call that have ended until now, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** Reads the clock; to be called after a wait, so that {@link PolicyContext.now} is true again. */
  refresh(): number;
  /** Runs the listener when this context is aborted. Returns a function that takes the listener off. */
  onAbort(listener: (reason: ResilienceError) => void): () => void;
  /** A context of its own: aborted with this one, but not the other way round. Call {@link Fork.end} when it is done. */
  fork(changes?: ForkChanges): Fork;
  /** Waits; resolves to false at once when the context is aborted, else to true after `ms`. */
  sleep(ms: number): Promise<boolean>;
  /** As {@link PolicyContext.sleep}, but calls back, once. Returns a function that calls it off. */
  after(ms: number, run: (inTime: boolean) => void): () => void;
  /** Runs the function as soon as no run of the user's function goes on in this call: one that timed out may still work. */
  whenIdle(run: () => void): void;
  /**
   * The outcome of an attempt that began at `startedAt` and ends now: it joins {@link PolicyContext.attempts}, and observers are
   * told. For a policy that answers in the place of the function; the innermost stage does it for the function itself.
   */
  record(result: RawOutcome, judgement: Judgement, startedAt: number): Outcome<unknown>;
  /** The outcome of a call that a policy ends with an error. */
  fail(error: ResilienceError, kind: OutcomeKind): ErrorOutcome;
  /** The outcome of a call whose context was aborted: `ignored` when its caller left, else the kind given. Only after an abort. */
  failAborted(otherwise: OutcomeKind): ErrorOutcome;
  /** As {@link PolicyContext.fail}, but cheap: the error is built when it is first read. `why` follows the pipeline's name in its message. */
  failLater(
    kind: OutcomeKind,
    policy: string,
    code: ResilienceErrorCode,
    why: string,
    retryAfterMs?: number,
    cause?: unknown,
  ): ErrorOutcome;
  /** The outcome of a call that a policy refuses before it reached the dependency; observers are told. Cheap, as {@link PolicyContext.failLater}. */
  refuse(policy: string, code: ResilienceErrorCode, reason: RejectionReason, why: string, retryAfterMs?: number): ErrorOutcome;
}

/** A context made by {@link PolicyContext.fork}. */
export interface Fork extends PolicyContext {
  /** Stops everything under this context. The first reason stays. */
  abort(reason: ResilienceError): void;
  /** Lets go of the context it came from. */
  end(): void;
}
