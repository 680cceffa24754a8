import type { Classify, Judgement } from './classify.ts';
import type { Clock } from './clock.ts';
import { ResilienceError, type ResilienceErrorCode } from './errors.ts';
import type { AttemptInfo, EventStream, RejectionReason } from './events.ts';
import { type AttemptRecord, type ErrorOutcome, LateError, type Outcome, type OutcomeKind, type RawOutcome } from './outcome.ts';
import { type Criticality, propagationHeaders } from './propagation.ts';

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

/** What all calls of one pipeline share. */
export interface CallHost {
  readonly pipeline: string;
  readonly clock: Clock;
  readonly classify: Classify;
  readonly events: EventStream;
}

/** What all contexts of one call share. */
export interface CallState {
  readonly host: CallHost;
  readonly key: string | undefined;
  readonly criticality: Criticality;
  readonly idempotent: boolean | undefined;
  readonly run: (ctx: CallContext) => unknown;
  /** Replaced by each attempt that ends. */
  attempts: readonly AttemptRecord[];
  /** The clock as last read. */
  now: number;
  /** Runs of the function that go on, those that timed out too. */
  running: number;
  /** What waits until none goes on. */
  idle: (() => void) | undefined;
}

/** Hears of an abort; of one context at a time. */
export interface AbortWatcher {
  abort(reason: ResilienceError): void;
  /** The watcher that came before. */
  before?: AbortWatcher | undefined;
}

/** The one implementation of every context. */
export class Context implements Fork {
  declare readonly attempt: number;
  declare readonly hedge: number;
  aborted: ResilienceError | undefined;
  declare readonly call: CallState;
  readonly #deadlineAt: number;
  #controller: AbortController | undefined;
  #parent: Context | undefined;
  /** The watchers, the last first, each with the one before. There is nearly always one: a set would cost more than the rest. */
  #watcher: AbortWatcher | undefined;
  before: AbortWatcher | undefined;

  constructor(call: CallState, attempt = 1, deadlineAt: number = Number.POSITIVE_INFINITY, hedge = 0) {
    this.call = call;
    this.attempt = attempt;
    this.hedge = hedge;
    this.#deadlineAt = deadlineAt;
  }

  get pipeline(): string {
    return this.call.host.pipeline;
  }

  get key(): string | undefined {
    return this.call.key;
  }

  get criticality(): Criticality {
    return this.call.criticality;
  }

  get idempotent(): boolean | undefined {
    return this.call.idempotent;
  }

  get attempts(): readonly AttemptRecord[] {
    return this.call.attempts;
  }

  get now(): number {
    return this.call.now;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted !== undefined) this.#controller.abort(this.aborted);
    }
    return this.#controller.signal;
  }

  refresh(): number {
    return (this.call.now = this.call.host.clock.now());
  }

  remainingMs(): number {
    return this.#deadlineAt === Number.POSITIVE_INFINITY ? this.#deadlineAt : Math.max(0, this.#deadlineAt - this.call.host.clock.now());
  }

  headers(): Record<string, string> {
    return propagationHeaders(this.remainingMs(), this.criticality);
  }

  watch(watcher: AbortWatcher): void {
    watcher.before = this.#watcher;
    this.#watcher = watcher;
  }

  unwatch(watcher: AbortWatcher): void {
    if (this.#watcher === watcher) this.#watcher = watcher.before;
    else for (let at = this.#watcher; at !== undefined; at = at.before) if (at.before === watcher) at.before = watcher.before;
  }

  onAbort(listener: (reason: ResilienceError) => void): () => void {
    const watcher = { abort: listener };
    this.watch(watcher);
    return () => this.unwatch(watcher);
  }

  abort(reason: ResilienceError): void {
    if (this.aborted !== undefined) return;
    this.aborted = reason;
    for (let watcher = this.#watcher; watcher !== undefined; watcher = this.#watcher) {
      this.#watcher = watcher.before;
      watcher.abort(reason);
    }
    this.#controller?.abort(reason);
  }

  fork({ attempt = this.attempt, hedge = this.hedge, deadlineAt = this.#deadlineAt }: ForkChanges = {}): Context {
    const child = new Context(this.call, attempt, Math.min(this.#deadlineAt, deadlineAt), hedge);
    if (this.aborted === undefined) {
      child.#parent = this;
      this.watch(child);
    } else child.abort(this.aborted);
    return child;
  }

  end(): void {
    this.#parent?.unwatch(this);
  }

  sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  after(ms: number, run: (inTime: boolean) => void): () => void {
    const leave = (): void => {
      cancel();
      off();
      this.refresh();
    };
    const end = (inTime: boolean): void => {
      leave();
      run(inTime);
    };
    // The clock is read anew: who waits may have waited before.
    const cancel = this.call.host.clock.schedule(() => end(true), ms);
    const off = this.onAbort(() => end(false));
    if (this.aborted !== undefined) end(false);
    return leave;
  }

  whenIdle(run: () => void): void {
    const { call } = this;
    if (call.running === 0) {
      run();
      return;
    }
    const before = call.idle;
    call.idle = () => {
      before?.();
      run();
    };
  }

  /** Which attempt this is, as observers see it. */
  info(): AttemptInfo {
    const { pipeline, attempt, key } = this;
    return { pipeline, attempt, kind: this.hedge > 0 ? 'hedge' : attempt === 1 ? 'first' : 'retry', key };
  }

  record(result: RawOutcome, { kind, retryAfterMs, discard }: Judgement, startedAt: number, info?: AttemptInfo): Outcome<unknown> {
    const { call, attempt, hedge } = this;
    const { pipeline, events } = call.host;
    const durationMs = Math.max(0, this.refresh() - startedAt);
    const error = result.ok ? undefined : result.error;
    const record = { attempt, hedge, kind, error, durationMs };
    // The empty list is frozen, and to spread a frozen list costs more than the rest of this.
    const attempts = call.attempts.length === 0 ? [record] : [...call.attempts, record];
    call.attempts = attempts;
    if (events.active) events.emit({ type: 'attempt', pipeline, info: info ?? this.info(), kind, durationMs, error });
    if (result.ok) return { ok: true, value: result.value, kind, attempts, retryAfterMs, discard };
    return { ok: false, error, kind, attempts, retryAfterMs };
  }

  fail(error: ResilienceError, kind: OutcomeKind): ErrorOutcome {
    return { ok: false, error, kind, attempts: this.call.attempts, retryAfterMs: error.retryAfterMs };
  }

  failAborted(otherwise: OutcomeKind): ErrorOutcome {
    const reason = this.aborted as ResilienceError;
    return this.fail(reason, reason.code === 'ABORTED' ? 'ignored' : otherwise);
  }

  failLater(
    kind: OutcomeKind,
    policy: string,
    code: ResilienceErrorCode,
    why: string,
    retryAfterMs?: number,
    cause?: unknown,
  ): ErrorOutcome {
    const { pipeline, attempts } = this;
    return new LateError(kind, attempts, retryAfterMs, () => {
      const details = { policy, pipeline, retryAfterMs, attempts: [...attempts], cause };
      return new ResilienceError(code, `${pipeline}: ${why}`, details);
    });
  }

  refuse(policy: string, code: ResilienceErrorCode, reason: RejectionReason, why: string, retryAfterMs?: number): ErrorOutcome {
    const { host, key } = this.call;
    const { pipeline, events } = host;
    if (events.active) events.emit({ type: 'rejection', pipeline, policy, reason, key, retryAfterMs });
    return this.failLater('rejected', policy, code, why, retryAfterMs);
  }
}
