import { runAttempt } from './attempt.ts';
import { type Classify, classifyErrors } from './classify.ts';
import { type Clock, systemClock, systemRandom } from './clock.ts';
import { type CallContext, Context, type PolicyContext } from './context.ts';
import { ResilienceError } from './errors.ts';
import { type BreakerState, EventStream, type Observer, type PipelineEvent, type PipelineView } from './events.ts';
import { functionOption, objectOption, resolveOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import { type BoundPolicy, checkOrder, type Next, type Policy, type PolicyHost, type PolicySnapshot } from './policy.ts';

/** Options of {@link pipeline}. */
export interface PipelineOptions {
  /** Judges what the function did. Default: {@link classifyErrors}. */
  readonly classify?: Classify;
  /** Default: the clock of the process. */
  readonly clock?: Clock;
  /** Numbers from 0 up to 1, for jitter. Default: `Math.random`. */
  readonly random?: () => number;
  /** Where metrics go, such as `prometheus(registry)`. Default: nowhere. */
  readonly metrics?: Observer;
  /** Who else listens, such as `tracing()`. Default: nobody. */
  readonly observer?: Observer | readonly Observer[];
}

/** Options of one call. */
export interface ExecuteOptions {
  /** Ends the call when it aborts, also while it waits between attempts. */
  readonly signal?: AbortSignal | undefined;
  /** What the call is about, such as a host name; keyed policies keep one state for each key. */
  readonly key?: string | undefined;
}

/** What `describe()` returns. */
export interface PipelineDescription {
  readonly name: string;
  /** Outer to inner. */
  readonly policies: readonly { readonly name: string; readonly kind: string; readonly options: object }[];
}

/** What `snapshot()` returns. */
export interface PipelineSnapshot {
  readonly name: string;
  /** Calls that have not ended. */
  readonly inFlight: number;
  /** How often an observer threw. */
  readonly observerErrors: number;
  /** Outer to inner. */
  readonly policies: readonly ({ readonly name: string } & PolicySnapshot)[];
}

/** Policies around calls to one dependency. */
export interface Pipeline {
  readonly name: string;
  /**
   * Runs the function inside the policies; resolves to its value.
   *
   * @throws what the function threw, or ResilienceError `TIMEOUT`, `DEADLINE_EXCEEDED`, `CIRCUIT_OPEN`, `RETRIES_EXHAUSTED`, `ABORTED`
   */
  execute<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options?: ExecuteOptions): Promise<T>;
  /** As {@link Pipeline.execute}, but never rejects: the result says how the call ended and keeps every attempt. */
  executeOutcome<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options?: ExecuteOptions): Promise<Outcome<T>>;
  /** A function that runs inside the pipeline each time. The function given gets the context first, then the arguments. */
  wrap<A extends unknown[], T>(
    run: (ctx: CallContext, ...args: A) => T | PromiseLike<T>,
    options?: ExecuteOptions,
  ): (...args: A) => Promise<T>;
  /** Listens to every event. Returns a function that stops listening. */
  subscribe(observer: Observer | ((event: PipelineEvent) => void)): () => void;
  /** The policies and their resolved options. */
  describe(): PipelineDescription;
  /** The state of now. */
  snapshot(): PipelineSnapshot;
}

interface Bound {
  readonly policy: Policy;
  readonly bound: BoundPolicy;
}

class PolicyPipeline implements Pipeline {
  readonly name: string;
  readonly #policies: readonly Bound[];
  readonly #start: Next;
  readonly #clock: Clock;
  readonly #events = new EventStream();
  #inFlight = 0;

  constructor(name: string, policies: readonly Policy[], options: Readonly<Required<PipelineOptions>>) {
    this.name = name;
    this.#clock = options.clock;
    const host: PolicyHost = {
      pipeline: name,
      clock: options.clock,
      random: options.random,
      observed: () => this.#events.active,
      emit: (event) => this.#events.emit(event),
    };
    this.#policies = policies.map((policy) => ({ policy, bound: policy.bind(host) }));
    // Every context is made by this package, so the innermost stage may see the whole of it.
    let next: Next = (ctx) => runAttempt(ctx as Context, options.classify, this.#events);
    for (const { bound } of this.#policies.toReversed()) {
      const inner = next;
      next = (ctx: PolicyContext) => bound.run(ctx, inner);
    }
    this.#start = next;
    for (const observer of [options.metrics, options.observer].flat()) this.subscribe(observer);
  }

  async execute<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options: ExecuteOptions = {}): Promise<T> {
    const outcome = await this.executeOutcome(run, options);
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  }

  async executeOutcome<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options: ExecuteOptions = {}): Promise<Outcome<T>> {
    const { name: pipeline } = this;
    const { key, signal } = options;
    const startedAt = this.#clock.now();
    const root = new Context({ pipeline, key, clock: this.#clock, run, attempts: [] });
    const leave = (): void =>
      root.abort(new ResilienceError('ABORTED', `${pipeline}: the caller aborted`, { pipeline, cause: signal?.reason }));
    if (signal?.aborted === true) leave();
    else signal?.addEventListener('abort', leave, { once: true });
    this.#inFlight += 1;
    try {
      const outcome = await this.#settle(root);
      if (this.#events.active) {
        const { kind, attempts } = outcome;
        this.#events.emit({ type: 'call', pipeline, key, kind, durationMs: this.#clock.now() - startedAt, attempts: attempts.length });
      }
      return outcome as Outcome<T>;
    } finally {
      this.#inFlight -= 1;
      signal?.removeEventListener('abort', leave);
    }
  }

  /** A policy must not reject; one from outside that does so must not break the promise of `executeOutcome`. */
  async #settle(root: Context): Promise<Outcome<unknown>> {
    if (root.aborted !== undefined) return root.fail(root.aborted, 'ignored');
    try {
      return await this.#start(root);
    } catch (error) {
      return { ok: false, error, kind: 'ignored', attempts: root.attempts, retryAfterMs: undefined };
    }
  }

  wrap<A extends unknown[], T>(
    run: (ctx: CallContext, ...args: A) => T | PromiseLike<T>,
    options: ExecuteOptions = {},
  ): (...args: A) => Promise<T> {
    return (...args) => this.execute((ctx) => run(ctx, ...args), options);
  }

  subscribe(observer: Observer | ((event: PipelineEvent) => void)): () => void {
    const view: PipelineView = { name: this.name, breakers: () => this.#breakers() };
    return this.#events.add(typeof observer === 'function' ? { event: observer } : observer, view);
  }

  describe(): PipelineDescription {
    return { name: this.name, policies: this.#policies.map(({ policy: { name, kind, options } }) => ({ name, kind, options })) };
  }

  snapshot(): PipelineSnapshot {
    const policies = this.#policies.map(({ policy, bound }) => ({ name: policy.name, ...bound.snapshot?.() }));
    return { name: this.name, inFlight: this.#inFlight, observerErrors: this.#events.errors, policies };
  }

  #breakers(): Readonly<Record<BreakerState, number>> | undefined {
    return this.#policies.map(({ bound }) => bound.snapshot?.().breakers).find((breakers) => breakers !== undefined);
  }
}

const defaults: Readonly<Required<PipelineOptions>> = Object.freeze({
  classify: classifyErrors,
  clock: systemClock,
  random: systemRandom,
  metrics: Object.freeze({}),
  observer: Object.freeze([]),
});

/**
 * Puts policies around the calls to one dependency. Make it once and keep it: breakers remember.
 *
 * @param name - shown in errors, events and metrics; 1 to 100 characters. Keep the number of names small.
 * @param policies - outer to inner: deadline, retry, breaker, timeout; any may be left out.
 * @throws ResilienceError `INVALID_OPTION`, `POLICY_ORDER`
 *
 * @example
 * ```ts
 * import { deadline, pipeline, timeout } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [deadline({ totalMs: 2_000 }), timeout({ attemptMs: 800 })]);
 * const stock = await inventory.execute(async (ctx) => (ctx.signal.aborted ? 0 : 42));
 * console.log(stock); // 42
 * ```
 */
export function pipeline(name: string, policies: readonly Policy[], options?: PipelineOptions): Pipeline {
  if (typeof name !== 'string' || name.length < 1 || name.length > 100) {
    throw new ResilienceError(
      'INVALID_OPTION',
      `pipeline: name must be 1 to 100 characters, got ${typeof name === 'string' ? name.length : typeof name}`,
    );
  }
  const resolved = resolveOptions<Required<PipelineOptions>>(`pipeline ${name}`, options, defaults, {
    classify: functionOption(),
    clock: objectOption(),
    random: functionOption(),
    metrics: objectOption(),
    observer: objectOption(),
  });
  if (!Array.isArray(policies) || !policies.every((policy) => typeof policy?.bind === 'function')) {
    throw new ResilienceError('INVALID_OPTION', `pipeline ${name}: policies must be an array of policies`);
  }
  checkOrder(name, policies);
  return new PolicyPipeline(name, policies, resolved);
}
