import type { BreakerState, OutcomeKind, RawOutcome } from '@nines/resilience';
import { checkInstrumented, Instrumentation, type InstrumentationOptions, WatchedCall } from './instrumentation.ts';

/*
 * An opossum breaker that somebody else made, fires and owns. Two things are taken from it, and nothing is changed:
 *
 *   breaker.action ─▶ the same function inside a span; its value ends the attempt
 *   its events ─────▶ failure, timeout, reject, semaphoreLocked, open, halfOpen, close, shutdown
 *
 * An error ends nothing by itself: whether it counts is for opossum's errorFilter to say, and is read from the event.
 * The array of arguments that comes with `fire`, `timeout` and `failure` is one object for each call, so it tells calls apart.
 */

/** The part of an opossum `CircuitBreaker` that {@link instrument} uses; tested with opossum 10. */
export interface OpossumBreaker {
  readonly name: string;
  readonly enabled: boolean;
  readonly closed: boolean;
  readonly opened: boolean;
  readonly halfOpen: boolean;
  /** As every `EventEmitter` has it. */
  addListener(event: string, listener: (...args: unknown[]) => void): unknown;
  /** As every `EventEmitter` has it. */
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** As opossum calls it; each of ours knows what its event carries. */
type Listener = (...args: unknown[]) => void;

type Action = (this: unknown, ...args: unknown[]) => unknown;

/** opossum's types leave out the function that a breaker guards. */
type Guarded = OpossumBreaker & { action: Action };

const POLICY = 'opossum';

/** Calls that fire inside a listener of `fire`, one in the other; more is no program but a loop. */
const MAX_NESTED = 100;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

function stateOf({ closed, halfOpen, opened }: OpossumBreaker): Record<BreakerState, number> {
  return { closed: Number(closed), open: Number(opened), half_open: Number(halfOpen), isolated: 0 };
}

/** A call of which opossum has not said yet how it ended. */
interface Fired {
  readonly args: readonly unknown[];
  readonly call: WatchedCall;
  /** What it failed with, until opossum says whether that counts. */
  failed?: { readonly error: unknown };
}

/** What watches one breaker. */
class BreakerWatch {
  #breaker: Guarded | undefined;
  readonly #telemetry: Instrumentation;
  readonly #original: Action;
  readonly #wrapper: Action;
  readonly #listeners: readonly (readonly [event: string, listener: Listener])[];
  readonly #inFlight = new Map<readonly unknown[], Fired>();
  /** Failed, and waiting for opossum's word. */
  readonly #doubtful = new Set<Fired>();
  /** Fired, and not yet run, refused or answered from a cache: all of it in one tick. */
  readonly #entering: Fired[] = [];
  #state: BreakerState;

  constructor(breaker: Guarded, options: InstrumentationOptions) {
    this.#breaker = breaker;
    const name = options.name ?? breaker.name.slice(0, 100);
    this.#telemetry = new Instrumentation('instrument', POLICY, { ...options, name }, () =>
      this.#breaker === undefined ? { closed: 0, open: 0, half_open: 0, isolated: 0 } : stateOf(this.#breaker),
    );
    this.#state = breaker.opened ? 'open' : breaker.halfOpen ? 'half_open' : 'closed';
    this.#original = breaker.action;
    this.#wrapper = this.#wrap();
    const listeners: Readonly<Record<string, (...args: never[]) => void>> = {
      fire: (args: readonly unknown[]) => this.#enter(args),
      reject: () => this.#refuse(this.#breaker?.halfOpen === true ? 'half_open' : 'open'),
      semaphoreLocked: () => this.#refuse('full'),
      cacheHit: () => this.#leave(this.#entering.pop(), 'success'),
      coalesceCacheHit: () => this.#forget(this.#entering.pop()),
      timeout: (error: unknown, _latency: number, args: readonly unknown[]) => this.#fail(this.#inFlight.get(args), error),
      failure: (error: unknown, _latency: number, args: readonly unknown[]) => this.#settle(this.#inFlight.get(args), { ok: false, error }),
      success: (result: unknown) => this.#filtered(result),
      open: () => this.#transition('open'),
      halfOpen: () => this.#transition('half_open'),
      close: () => this.#transition('closed'),
      shutdown: () => this.detach(),
    };
    this.#listeners = Object.entries(listeners) as [string, Listener][];
    breaker.action = this.#wrapper;
    for (const [event, listener] of this.#listeners) breaker.addListener(event, listener);
  }

  detach(): void {
    const breaker = this.#breaker;
    if (breaker === undefined) return;
    this.#breaker = undefined;
    for (const [event, listener] of this.#listeners) breaker.removeListener(event, listener);
    // Somebody may have wrapped the wrapper: then it stays, and only passes on.
    if (breaker.action === this.#wrapper) breaker.action = this.#original;
    for (const fired of this.#inFlight.values()) this.#settle(fired, { ok: true, value: undefined }, 'ignored');
    this.#entering.length = 0;
  }

  /** The function as opossum will call it: same `this`, same arguments, same result. */
  #wrap(): Action {
    const original = this.#original;
    const watch = (run: () => unknown): unknown => this.#run(run);
    return function wrapper(this: unknown, ...args: unknown[]) {
      // opossum's fire() gives the function to itself as `this`.
      const self = this === wrapper ? original : this;
      return watch(() => original.apply(self, args));
    };
  }

  #run(run: () => unknown): unknown {
    const fired = this.#entering.pop();
    if (fired === undefined) return run();
    const judged = this.#breaker?.enabled === true;
    let result: unknown;
    try {
      result = fired.call.run(POLICY, run);
    } catch (error) {
      this.#fail(fired, error, judged);
      throw error;
    }
    if (isThenable(result)) return this.#follow(fired, result, judged);
    // opossum takes a value that is nothing for a failure, and says so.
    if (!judged || (result !== undefined && result !== null)) this.#settle(fired, { ok: true, value: result });
    return result;
  }

  /**
   * A promise that opossum handles is only listened to. One that goes to the caller, because the breaker is disabled, must
   * not count as handled by us; and a thenable of another kind may do its work at each `then`: both are passed on instead.
   */
  #follow(fired: Fired, result: PromiseLike<unknown>, judged: boolean): unknown {
    const succeed = (value: unknown): void => this.#settle(fired, { ok: true, value });
    const fail = (error: unknown): void => this.#fail(fired, error, judged);
    if (judged && result instanceof Promise) {
      result.then(succeed, fail);
      return result;
    }
    return Promise.resolve(result).then(
      (value) => {
        succeed(value);
        return value;
      },
      (error: unknown) => {
        fail(error);
        throw error;
      },
    );
  }

  #enter(args: readonly unknown[]): void {
    const fired: Fired = { args, call: new WatchedCall(this.#telemetry) };
    this.#inFlight.set(args, fired);
    // A cache of the user that throws leaves its call behind.
    if (this.#entering.length === MAX_NESTED) this.#forget(this.#entering.shift());
    this.#entering.push(fired);
  }

  #refuse(reason: 'open' | 'half_open' | 'full'): void {
    const fired = this.#entering.pop();
    fired?.call.refuse(POLICY, reason);
    this.#forget(fired);
  }

  /** An error, of which opossum has still to say whether it counts. */
  #fail(fired: Fired | undefined, error: unknown, judged = true): void {
    if (fired === undefined || fired.call.ended) return;
    if (!judged) {
      this.#settle(fired, { ok: false, error });
      return;
    }
    fired.failed = { error };
    this.#doubtful.add(fired);
  }

  /** opossum reports an error that `errorFilter` let pass as a success whose result is the error. */
  #filtered(result: unknown): void {
    for (const fired of this.#doubtful) {
      if (fired.failed?.error !== result) continue;
      this.#settle(fired, { ok: false, error: result }, 'ignored');
      return;
    }
  }

  #settle(fired: Fired | undefined, raw: RawOutcome, kind: OutcomeKind = this.#telemetry.judge(raw)): void {
    if (fired === undefined || fired.call.ended) return;
    fired.call.settle(raw, kind);
    this.#leave(fired, kind);
  }

  #leave(fired: Fired | undefined, kind: OutcomeKind): void {
    fired?.call.end(kind);
    this.#forget(fired);
  }

  #forget(fired: Fired | undefined): void {
    if (fired === undefined) return;
    this.#inFlight.delete(fired.args);
    this.#doubtful.delete(fired);
  }

  #transition(to: BreakerState): void {
    const { events, name: pipeline } = this.#telemetry;
    const from = this.#state;
    this.#state = to;
    events.emit({ type: 'transition', pipeline, policy: POLICY, key: undefined, from, to });
  }
}

/**
 * Spans and metrics for an opossum breaker that exists already, in one line and without changing what it does. Its calls
 * become the events of a pipeline of its name, so they have the metrics and spans that pipelines have:
 *
 * | opossum | here |
 * |---|---|
 * | a call that ran | `resilience_attempts_total`, one span, active while the function runs |
 * | success, failure, timeout | `outcome`: `success`, `transient`, as `classify` judges |
 * | an error that `errorFilter` let pass | `outcome` `ignored`, though opossum emits `success` |
 * | refused by the open or half-open breaker, or by `capacity` | `resilience_rejections_total` with `reason` `open`, `half_open`, `full` |
 * | answered from the cache | `success` without an attempt; one that joined another (`coalesce`) is not counted |
 * | answered by `fallback()` | the outcome that the fallback stood in for |
 * | open, half-open, close | `resilience_circuit_breakers`, `…_transitions_total` |
 *
 * Nothing of a call is kept but its beginning. An observer that throws fails no call.
 *
 * @returns a function that detaches: the breaker is as before, and calls that are out end as `ignored`. Shutting the breaker down detaches too.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import CircuitBreaker from 'opossum';
 * import { Registry } from 'prom-client';
 * import { instrument } from '@nines/resilience/opossum';
 * import { tracing } from '@nines/resilience/otel';
 * import { prometheus } from '@nines/resilience/prometheus';
 *
 * const registry = new Registry();
 * const breaker = new CircuitBreaker(async (id: number) => `item ${id}`, { name: 'inventory' });
 * instrument(breaker, { metrics: prometheus(registry), observer: tracing() });
 * console.log(await breaker.fire(7)); // item 7
 * console.log((await registry.metrics()).includes('resilience_calls_total{pipeline="inventory",outcome="success"} 1')); // true
 * ```
 */
export function instrument(breaker: OpossumBreaker, options: InstrumentationOptions): () => void {
  checkInstrumented('breaker', breaker, isBreaker, 'an opossum CircuitBreaker');
  const watch = new BreakerWatch(breaker as Guarded, options);
  return () => watch.detach();
}

function isBreaker(value: Partial<Guarded> | null | undefined): boolean {
  return typeof value?.action === 'function' && typeof value.addListener === 'function' && typeof value.name === 'string';
}
