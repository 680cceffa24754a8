import type { OutcomeKind } from './outcome.ts';

/** States of a circuit breaker; `isolated` is entered and left by hand only. */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'isolated';

/** Why a policy refused: a breaker's state; a bulkhead without a place (`full`) or one that came too late (`waited`); no permit (`rate`); throttled; an empty budget of retries or hedges; the share of its criticality is taken (`share`), or it left the queue for one that matters more (`evicted`). */
export type RejectionReason = 'open' | 'half_open' | 'isolated' | 'full' | 'waited' | 'rate' | 'throttled' | 'budget' | 'share' | 'evicted';

/** Which attempt this is. The same object is seen at its start and in its {@link AttemptEvent}. */
export interface AttemptInfo {
  readonly pipeline: string;
  /** 1 for the first run of the function. */
  readonly attempt: number;
  /** A `hedge` runs beside another run of the same attempt. */
  readonly kind: 'first' | 'retry' | 'hedge';
  readonly key: string | undefined;
}

/** A call ended. */
export interface CallEvent {
  readonly type: 'call';
  readonly pipeline: string;
  readonly key: string | undefined;
  readonly kind: OutcomeKind;
  readonly durationMs: number;
  readonly attempts: number;
}

/** One run of the function ended. */
export interface AttemptEvent {
  readonly type: 'attempt';
  readonly pipeline: string;
  readonly info: AttemptInfo;
  readonly kind: OutcomeKind;
  readonly durationMs: number;
  /** What it rejected with; undefined when it returned a value. */
  readonly error: unknown;
}

/** A policy refused a call before it reached the dependency. */
export interface RejectionEvent {
  readonly type: 'rejection';
  readonly pipeline: string;
  readonly policy: string;
  readonly reason: RejectionReason;
  readonly key: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** A retry policy waits before it tries again. */
export interface RetryEvent {
  readonly type: 'retry';
  readonly pipeline: string;
  readonly policy: string;
  /** The attempt that follows the wait. */
  readonly attempt: number;
  readonly delayMs: number;
  /** How the attempt before was judged. */
  readonly kind: OutcomeKind;
}

/** A circuit breaker changed its state. */
export interface TransitionEvent {
  readonly type: 'transition';
  readonly pipeline: string;
  readonly policy: string;
  readonly key: string | undefined;
  readonly from: BreakerState;
  readonly to: BreakerState;
}

/** A chaos policy did something to an attempt. */
export interface InjectionEvent {
  readonly type: 'injection';
  readonly pipeline: string;
  readonly policy: string;
  /** What it did, such as `latency`. */
  readonly kind: string;
  readonly key: string | undefined;
  /** Which attempt was struck, from 1. */
  readonly attempt: number;
}

/** Everything a pipeline tells. Metrics, spans and diagnostics channels are fed from it. It carries no values and no arguments of calls. */
export type PipelineEvent = CallEvent | AttemptEvent | RejectionEvent | RetryEvent | TransitionEvent | InjectionEvent;

/** What a limiter holds. */
export interface LimiterSnapshot {
  /** Most calls that may run at once. */
  readonly limit: number;
  /** Calls that run. */
  readonly inFlight: number;
  /** Calls that wait for a place. */
  readonly queued: number;
}

/** What a policy tells about itself. */
export interface PolicySnapshot {
  /** Breakers in each state, when the policy is a breaker. */
  readonly breakers?: Readonly<Record<BreakerState, number>>;
  /** Retries that the budget would allow now, when the policy has one. */
  readonly retryBudget?: number;
  /** When the policy limits what runs at once. */
  readonly limiter?: LimiterSnapshot;
  /** Permits that are left now, when the policy limits a rate. */
  readonly permits?: number;
  /** Share of calls that is refused, 0 to 1, when the policy throttles. */
  readonly rejectionRatio?: number;
  /** How often each kind of fault struck, when the policy injects faults. */
  readonly injected?: Readonly<Record<string, number>>;
}

/** What an observer may look at. */
export interface PipelineView {
  readonly name: string;
  /** The state of the breaker of a key; undefined when the pipeline has no breaker. */
  breakerState(key: string): BreakerState | undefined;
  /** The state of each policy, outer to inner. */
  policies(): readonly ({ readonly name: string } & PolicySnapshot)[];
}

/** Listens to a pipeline. What it throws is swallowed and counted in `snapshot().observerErrors`: it can never fail a call. */
export interface Observer {
  /** False while it would do nothing with an event; then none is built for it. Asked often: be quick. Default: true. */
  readonly active?: boolean;
  /** Called once for each pipeline it is given to. */
  attach?(view: PipelineView): void;
  /** Called with each event, in order, while the call runs: be quick. */
  event?(event: PipelineEvent): void;
  /** Wraps each run of the function, for what must be active inside it, such as a span. Must call `run` once and return its result. */
  attempt?<T>(info: AttemptInfo, run: () => T): T;
}

/** The one event stream of a pipeline. */
export class EventStream {
  /** How often an observer threw. */
  errors = 0;
  /** Copied when it changes: it is read with every event. */
  #observers: readonly Observer[] = [];

  add(observer: Observer, view: PipelineView): () => void {
    this.#observers = [...this.#observers, observer];
    try {
      observer.attach?.(view);
    } catch {
      this.errors += 1;
    }
    return () => {
      this.#observers = this.#observers.filter((one) => one !== observer);
    };
  }

  /** True when somebody listens. Ask before an event is built. */
  get active(): boolean {
    for (const { active } of this.#observers) if (active !== false) return true;
    return false;
  }

  emit(event: PipelineEvent): void {
    for (const observer of this.#observers) {
      try {
        observer.event?.(event);
      } catch {
        this.errors += 1;
      }
    }
  }

  /** Runs the function inside every observer that wraps attempts. */
  around<T>(info: AttemptInfo, run: () => T): T {
    let wrapped = run;
    for (const observer of this.#observers) {
      if (observer.attempt === undefined) continue;
      const inner = wrapped;
      wrapped = () => this.#aroundOne(observer, info, inner);
    }
    return wrapped();
  }

  /** The function runs exactly once, whatever the observer does. */
  #aroundOne<T>(observer: Observer, info: AttemptInfo, run: () => T): T {
    let settled: (() => T) | undefined;
    let thrown: unknown;
    const once = (): T => {
      if (settled === undefined) {
        try {
          const value = run();
          settled = () => value;
        } catch (error) {
          settled = () => {
            throw (thrown = error);
          };
        }
      }
      return settled();
    };
    try {
      observer.attempt?.(info, once);
    } catch (error) {
      if (error !== thrown) this.errors += 1;
    }
    return once();
  }
}
