import { Breaker, type BreakerSettings, type BreakerWindow, type Refusal } from './breaker.ts';
import type { CallContext, PolicyContext } from './context.ts';
import type { BreakerState, PolicySnapshot } from './events.ts';
import type { BoundPolicy, BreakerControl, Done, Policy, PolicyHost, Step } from './policy.ts';

/** A circuit breaker as a policy: its name, its window and its settings. */
export interface BreakerDefinition {
  /** Shown in errors, events and metrics. */
  readonly name: string;
  /** As `describe()` shows them. */
  readonly options: object;
  readonly settings: BreakerSettings;
  /** Makes the window of one breaker. */
  readonly createWindow: (host: PolicyHost) => BreakerWindow;
  /** Gives each call a key: one breaker for each key. */
  readonly key: ((ctx: CallContext) => string | undefined) | undefined;
  /** Most breakers kept when `key` is set. */
  readonly maxKeys: number;
}

/** How many of the oldest are looked at when one must be forgotten, so that the cost of a call stays flat. */
const LOOK_AT = 8;

const WHY: Readonly<Record<Refusal['reason'], string>> = Object.freeze({
  open: 'the circuit is open',
  half_open: 'the circuit is half-open and its probes are out',
  isolated: 'the circuit was isolated by hand',
});

/** Breakers by key, least recently used first. */
class KeyedBreakers implements BoundPolicy {
  readonly breaker: BreakerControl;
  readonly #host: PolicyHost;
  readonly #definition: BreakerDefinition;
  readonly #breakers = new Map<string | undefined, Breaker>();
  readonly #single: Breaker | undefined;

  constructor(host: PolicyHost, definition: BreakerDefinition) {
    this.#host = host;
    this.#definition = definition;
    this.#single = definition.key === undefined ? this.#add(undefined) : undefined;
    this.breaker = {
      isolate: (key) => this.#each(key, (breaker) => breaker.isolate()),
      close: (key) => this.#each(key, (breaker) => breaker.close(host.clock.now())),
    };
  }

  step(ctx: PolicyContext, next: Step, done: Done): void {
    let key: string | undefined;
    let breaker = this.#single;
    if (breaker === undefined) {
      key = this.#definition.key?.(ctx);
      breaker = this.#of(key);
    }
    const startedAt = ctx.now;
    const ticket = breaker.admit(startedAt);
    if ('reason' in ticket) {
      done(this.#refuse(ctx, key, ticket));
      return;
    }
    const admitted = breaker;
    next(ctx, (outcome) => {
      const now = ctx.now;
      admitted.settle(ticket, outcome.kind, now - startedAt, now);
      done(outcome);
    });
  }

  snapshot(): PolicySnapshot {
    const breakers = { closed: 0, open: 0, half_open: 0, isolated: 0 };
    for (const breaker of this.#breakers.values()) breakers[breaker.state] += 1;
    return { breakers };
  }

  #refuse(ctx: PolicyContext, key: string | undefined, { reason, retryAfterMs }: Refusal): ReturnType<PolicyContext['refuse']> {
    const { observed, emit, pipeline } = this.#host;
    const { name } = this.#definition;
    if (observed()) emit({ type: 'rejection', pipeline, policy: name, reason, key, retryAfterMs });
    return ctx.refuse(name, reason === 'isolated' ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN', WHY[reason], retryAfterMs);
  }

  #each(key: string | undefined, run: (breaker: Breaker) => void): void {
    if (key !== undefined && this.#single === undefined) run(this.#of(key));
    else for (const breaker of this.#breakers.values()) run(breaker);
  }

  #of(key: string | undefined): Breaker {
    const found = this.#breakers.get(key);
    if (found === undefined) return this.#add(key);
    this.#breakers.delete(key);
    this.#breakers.set(key, found);
    return found;
  }

  #add(key: string | undefined): Breaker {
    const { settings, createWindow, maxKeys, name: policy } = this.#definition;
    if (this.#breakers.size >= maxKeys) this.#forget();
    const { pipeline, clock, random, emit, observed } = this.#host;
    const changed = (from: BreakerState, to: BreakerState): void => {
      if (observed()) emit({ type: 'transition', pipeline, policy, key, from, to });
    };
    const breaker = new Breaker(settings, createWindow(this.#host), clock, random, changed);
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** The oldest closed one of a few goes; else the oldest that nobody isolated; else the oldest. */
  #forget(): void {
    let victim: { readonly key: string | undefined; readonly rank: number } | undefined;
    let seen = 0;
    for (const [key, { state }] of this.#breakers) {
      const rank = state === 'closed' ? 2 : state === 'isolated' ? 0 : 1;
      if (victim === undefined || rank > victim.rank) victim = { key, rank };
      seen += 1;
      if (rank === 2 || seen === LOOK_AT) break;
    }
    if (victim === undefined) return;
    this.#breakers.get(victim.key)?.dispose();
    this.#breakers.delete(victim.key);
  }
}

/**
 * A circuit breaker with a window of your own, for authors of policies: the state machine, the half-open probes, the keys
 * and the events are those of every breaker of this package. The state moves from open to half-open with the first call
 * after the open time.
 *
 * @example
 * ```ts
 * import { breakerPolicy, fixed, pipeline } from '@nines/resilience';
 *
 * const settings = { open: fixed(1_000), permits: 1, probeFailureRate: 1, probeTimeoutMs: 1_000 };
 * const never = { slowCallMs: Infinity, slowCallRate: 2, metricsOnly: false };
 * const fuse = breakerPolicy({
 *   name: 'fuse',
 *   options: {},
 *   settings: { ...settings, ...never },
 *   createWindow: () => ({ record: (_now, ok) => !ok, reset: () => {} }), // the first failure opens
 *   key: undefined,
 *   maxKeys: 1,
 * });
 * const inventory = pipeline('inventory', [fuse]);
 * await inventory.executeOutcome(() => Promise.reject(new Error('down')));
 * console.log((await inventory.executeOutcome(() => 42)).kind); // rejected
 * ```
 */
export function breakerPolicy(definition: BreakerDefinition): Policy {
  const { name, options } = definition;
  return { name, kind: 'breaker', options, bind: (host) => new KeyedBreakers(host, definition) };
}
