import type { Classify, Judgement } from './classify.ts';
import type { Clock } from './clock.ts';
import { ResilienceError, type ResilienceErrorCode } from './errors.ts';
import type { AttemptInfo, EventStream, RejectionReason } from './events.ts';
import { type AttemptRecord, type ErrorOutcome, LateError, type Outcome, type OutcomeKind, type RawOutcome } from './outcome.ts';
import { type Criticality, propagationHeaders } from './propagation.ts';
import type { CallContext, Fork, ForkChanges } from './policy-context.ts';

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
