import { runAttempt } from './attempt.ts';
import { type Classify, classifyErrors } from './classify.ts';
import { type Clock, systemClock, systemRandom } from './clock.ts';
import { type CallHost, Context } from './context.ts';
import type { CallContext } from './policy-context.ts';
import { ResilienceError } from './errors.ts';
import { EventStream, type Observer, type PipelineEvent, type PipelineView, type PolicySnapshot } from './events.ts';
import { checkOption, functionOption, objectOption, oneOf, type OptionCheck, resolveOptions } from './options.ts';
import type { AttemptRecord, Outcome } from './outcome.ts';
import { around, type BoundPolicy, type BreakerControl, checkOrder, type Done, type Policy, type PolicyHost, type Step } from './policy.ts';
import { CRITICALITIES, type Criticality } from './propagation.ts';

/** Options of {@link pipeline}. */
export interface PipelineOptions {
  /** Judges what the function did. Default: {@link classifyErrors}. */
  readonly classify?: Classify;
  /** Default: the clock of the process. */
  readonly clock?: Clock;
  /** Numbers from 0 up to 1, for jitter. Default: `Math.random`. */
  readonly random?: () => number;
  /** Where metrics go, such as `prometheus(registry)`. Default: nowhere. */
  readonly metrics?: Observer | readonly Observer[];
  /** Who else listens, such as `tracing()`. Default: nobody. */
  readonly observer?: Observer | readonly Observer[];
}

/** Options of one call. */
export interface ExecuteOptions {
  /** Ends the call when it aborts, also while it waits between attempts. */
  readonly signal?: AbortSignal | undefined;
  /** What the call is about, such as a host name; keyed policies keep one state for each key. */
  readonly key?: string | undefined;
  /** How much the call matters. Default: `critical`. Seen as `ctx.criticality` and told to the next hop by `ctx.headers()`. */
  readonly criticality?: Criticality | undefined;
  /** Whether the function may run twice. `true`: it may be hedged. `false`: only `throttled` is retried, for then the dependency did nothing. Default: not said. */
  readonly idempotent?: boolean | undefined;
  /** What is left of the deadline of the call that this one serves, in milliseconds. Default: no inherited deadline. */
  readonly remainingMs?: number | undefined;
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
  /** The breaker of the pipeline, to be turned by hand; undefined without one. */
  readonly breaker: BreakerControl | undefined;
  /**
   * Runs the function inside the policies; resolves to its value.
   *
   * @throws what the function threw, or ResilienceError `TIMEOUT`, `DEADLINE_EXCEEDED`, `CIRCUIT_OPEN`, `CIRCUIT_ISOLATED`,
   * `BULKHEAD_FULL`, `LIMIT_EXCEEDED`, `RATE_LIMITED`, `THROTTLED`, `RETRIES_EXHAUSTED`, `ABORTED`; `INVALID_OPTION` for an option of the call
   */
  execute<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options?: ExecuteOptions): Promise<T>;
  /**
   * As {@link Pipeline.execute}, but a call that fails does not reject: the result says how it ended and keeps every attempt.
   *
   * @throws ResilienceError `INVALID_OPTION` for an option of the call
   */
  executeOutcome<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options?: ExecuteOptions): Promise<Outcome<T>>;
  /** A function that runs inside the pipeline each time. The function given gets the context first, then the arguments. */
  wrap<A extends unknown[], T>(
    run: (ctx: CallContext, ...args: A) => T | PromiseLike<T>,
    options?: ExecuteOptions,
  ): (...args: A) => Promise<T>;
  /**
   * Puts other options in the place of those there are; what was counted stays: the states of breakers, budgets, who runs and
   * who waits, permits taken. The policies must be those of construction, in name and order, or of the same object. A timeout
   * or deadline that runs ends as it was to; everything else holds at once. When it throws nothing has changed.
   *
   * @throws ResilienceError `INVALID_OPTION` for other policies, and for an option that cannot change: `window` and `key` (with or
   * without one) of a breaker, all of opossum's but `failureRateThreshold`, times and probes, `windowMs` of an adaptive throttle,
   * `algorithm` and `longWindowMs` of an adaptive limit, `maxExtraLoadRatio` of a hedge, `seed` of chaos
   */
  reconfigure(policies: readonly Policy[]): void;
  /** Listens to every event. Returns a function that stops listening. */
  subscribe(observer: Observer | ((event: PipelineEvent) => void)): () => void;
  /** The policies and their resolved options. */
  describe(): PipelineDescription;
  /** The state of now. */
  snapshot(): PipelineSnapshot;
}

const NO_OPTIONS: ExecuteOptions = {};
const NO_ATTEMPTS: readonly AttemptRecord[] = Object.freeze([]);

/** The outermost context of a call. */
function enter(host: CallHost, run: (ctx: CallContext) => unknown, options: ExecuteOptions, now: number): Context {
  const { key, criticality = 'critical', idempotent, remainingMs } = options;
  if (criticality !== 'critical') checkOption(`pipeline ${host.pipeline}`, 'criticality', criticality, oneOf(CRITICALITIES));
  // Run, it would look like a dependency that fails: retried, and counted by a breaker.
  if (typeof run !== 'function') checkOption(`pipeline ${host.pipeline}`, 'run', run, functionOption());
  // What is not a time, such as NaN, is a deadline that has passed: the careful reading.
  const deadlineAt = remainingMs === undefined ? Number.POSITIVE_INFINITY : now + (remainingMs > 0 ? remainingMs : 0);
  return new Context({ host, key, criticality, idempotent, run, attempts: NO_ATTEMPTS, now, running: 0, idle: undefined }, 1, deadlineAt);
}

/** Aborts the call with the signal of its caller. Returns a function that stops listening. */
function listen(root: Context, signal: AbortSignal): () => void {
  const { pipeline } = root;
  if (typeof signal?.addEventListener !== 'function') checkOption(`pipeline ${pipeline}`, 'signal', signal, () => 'an AbortSignal');
  const leave = (): void =>
    root.abort(new ResilienceError('ABORTED', `${pipeline}: the caller aborted`, { pipeline, cause: signal.reason }));
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return () => signal.removeEventListener('abort', leave);
}

interface Bound {
  readonly policy: Policy;
  readonly bound: BoundPolicy;
}

class PolicyPipeline implements Pipeline {
  readonly name: string;
  readonly #host: PolicyHost & CallHost;
  #policies: readonly Bound[] = [];
  #start: Step = runAttempt as Step;
  #inFlight = 0;

  constructor(name: string, policies: readonly Policy[], { clock, random, classify, metrics, observer }: Required<PipelineOptions>) {
    this.name = name;
    const events = new EventStream();
    const observed = (): boolean => events.active;
    this.#host = { pipeline: name, clock, random, classify, events, observed, emit: (event) => events.emit(event) };
    this.#bind(policies);
    for (const one of [metrics, observer].flat()) this.subscribe(one);
  }

  /** Puts the policies around the innermost stage; what has a state goes on with it. */
  #bind(policies: readonly Policy[]): void {
    this.#policies = policies.map((policy, i) => {
      const old = this.#policies[i]?.bound;
      old?.reconfigure?.(policy);
      return { policy, bound: old?.reconfigure === undefined ? policy.bind(this.#host) : old };
    });
    // Every context is made by this package, so the innermost stage may see the whole of it.
    this.#start = this.#policies.reduceRight((inner, { bound }) => around(bound, inner), runAttempt as Step);
  }

  get breaker(): BreakerControl | undefined {
    return this.#policies.find(({ bound }) => bound.breaker !== undefined)?.bound.breaker;
  }

  execute<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options: ExecuteOptions = NO_OPTIONS): Promise<T> {
    return new Promise((resolve, reject) => this.#call(run, options, resolve, reject));
  }

  executeOutcome<T>(run: (ctx: CallContext) => T | PromiseLike<T>, options: ExecuteOptions = NO_OPTIONS): Promise<Outcome<T>> {
    return new Promise((resolve) => this.#call(run, options, resolve));
  }

  /** One call. The promise of the caller is the only one that is made here; with `reject` it is one of a value, else of an outcome. */
  #call(
    run: (ctx: CallContext) => unknown,
    options: ExecuteOptions,
    resolve: (value: never) => void,
    reject?: (error: unknown) => void,
  ): void {
    const host = this.#host;
    const startedAt = host.clock.now();
    const root = enter(host, run, options, startedAt);
    const { signal } = options;
    const leave = signal === undefined ? undefined : listen(root, signal);
    this.#inFlight += 1;
    let ended = false;
    const finish: Done = (outcome) => {
      if (ended) return;
      ended = true;
      this.#inFlight -= 1;
      leave?.();
      if (host.events.active) this.#tell(root, outcome, root.now - startedAt);
      if (reject === undefined) resolve(outcome as never);
      else if (outcome.ok) resolve(outcome.value as never);
      else reject(outcome.error);
    };
    if (root.aborted === undefined) this.#start(root, finish);
    else finish(root.fail(root.aborted, 'ignored'));
  }

  #tell({ pipeline, key }: Context, { kind, attempts }: Outcome<unknown>, durationMs: number): void {
    this.#host.events.emit({ type: 'call', pipeline, key, kind, durationMs: Math.max(0, durationMs), attempts: attempts.length });
  }

  wrap<A extends unknown[], T>(
    run: (ctx: CallContext, ...args: A) => T | PromiseLike<T>,
    options: ExecuteOptions = {},
  ): (...args: A) => Promise<T> {
    return (...args) => this.execute((ctx) => run(ctx, ...args), options);
  }

  subscribe(observer: Observer | ((event: PipelineEvent) => void)): () => void {
    const view: PipelineView = { name: this.name, breakerState: (key) => this.breaker?.state(key), policies: () => this.#states() };
    return this.#host.events.add(typeof observer === 'function' ? { event: observer } : observer, view);
  }

  reconfigure(policies: readonly Policy[]): void {
    checkPolicies(this.name, policies);
    const shape = shapeOf(this.#policies.map(({ policy }) => policy));
    checkOption(`pipeline ${this.name}`, 'policies', shapeOf(policies), (given) => (given === shape ? undefined : shape));
    this.#bind(policies);
  }

  describe(): PipelineDescription {
    return { name: this.name, policies: this.#policies.map(({ policy: { name, kind, options } }) => ({ name, kind, options })) };
  }

  snapshot(): PipelineSnapshot {
    return { name: this.name, inFlight: this.#inFlight, observerErrors: this.#host.events.errors, policies: this.#states() };
  }

  #states(): PipelineSnapshot['policies'] {
    return this.#policies.map(({ policy, bound }) => ({ name: policy.name, ...bound.snapshot?.() }));
  }
}

/** What cannot change while a pipeline lives, in words: its policies, and those of their options that are the shape of a state. */
function shapeOf(policies: readonly Policy[]): string {
  const shown = (option: unknown): string => JSON.stringify(option) ?? typeof option;
  return policies
    .map(({ name, options, fixed = [] }) => [name, ...fixed.map((option) => `${option} ${shown((options as never)[option])}`)].join(' '))
    .join(', ');
}

function checkPolicies(name: string, policies: readonly Policy[]): void {
  const owner = `pipeline ${name}`;
  checkOption(owner, 'policies', policies, policiesOption);
  checkOrder(name, policies);
  const option = (kind: string, of: string): unknown =>
    (policies.find((policy) => policy.kind === kind)?.options as Readonly<Record<string, unknown>> | undefined)?.[of];
  const [totalMs, attemptMs] = [option('deadline', 'totalMs'), option('timeout', 'attemptMs')] as number[];
  checkOption(owner, 'attemptMs of the timeout', attemptMs, () =>
    attemptMs! > totalMs! ? `at most totalMs of the deadline, ${totalMs}` : undefined,
  );
}

/** Not an observer that does nothing: somebody who listens, whoever it is, makes every event be built. */
const NOBODY: readonly Observer[] = Object.freeze([]);

const defaults: Readonly<Required<PipelineOptions>> = Object.freeze({
  classify: classifyErrors,
  clock: systemClock,
  random: systemRandom,
  metrics: NOBODY,
  observer: NOBODY,
});

const nameOption: OptionCheck = (name) =>
  typeof name === 'string' && name.length > 0 && name.length <= 100 ? undefined : 'a string of 1 to 100 characters';

const policiesOption: OptionCheck = (policies) =>
  Array.isArray(policies) && policies.every((policy) => typeof policy?.bind === 'function') ? undefined : 'an array of policies';

/**
 * Puts policies around the calls to one dependency. Make it once and keep it: breakers remember.
 *
 * @param name - shown in errors, events and metrics; 1 to 100 characters. Keep the number of names small.
 * @param policies - outer to inner: fallback, deadline, adaptive throttle, bulkhead or another limit, rate limit, retry, hedge, breaker, timeout; any may be left out.
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
  checkOption('pipeline', 'name', name, nameOption);
  const resolved = resolveOptions<Required<PipelineOptions>>(`pipeline ${name}`, options, defaults, {
    classify: functionOption(),
    clock: objectOption(),
    random: functionOption(),
    metrics: objectOption(),
    observer: objectOption(),
  });
  checkPolicies(name, policies);
  return new PolicyPipeline(name, policies, resolved);
}
