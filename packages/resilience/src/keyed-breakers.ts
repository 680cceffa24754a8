import { Breaker, type BreakerOwner, type BreakerSettings, type BreakerWindow, type Refusal } from './breaker.ts';
import type { Clock } from './clock.ts';
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
  /** Makes the window of one breaker. When the pipeline is reconfigured it is given the window of each breaker, and gives it back with the new options. */
  readonly createWindow: (host: PolicyHost, previous?: BreakerWindow) => BreakerWindow;
  /** Options that `reconfigure` must leave as they are, because they are the shape of the window. Default: none. */
  readonly fixed?: readonly string[];
  /** Gives each call a key: one breaker for each key. */
  readonly key: ((ctx: CallContext) => string | undefined) | undefined;
  /** Most breakers kept when `key` is set. */
  readonly maxKeys: number;
}

/** How many of the oldest are looked at when one must be forgotten, so that the cost of a call stays flat. */
const LOOK_AT = 8;

const WHY: Readonly<Record<Refusal['reason'], string>> = {
  open: 'the circuit is open',
  half_open: 'the circuit is half-open and its probes are out',
  isolated: 'the circuit was isolated by hand',
};

/** How gladly one is forgotten: a closed one that was not used since it was last looked at most, an isolated one least. */
function worthless({ state, used }: Breaker): number {
  if (state === 'closed') return used ? 2 : 3;
  return state === 'isolated' ? 0 : 1;
}

/** The breakers of one policy in one pipeline. */
class Breakers implements BoundPolicy, BreakerOwner, BreakerControl {
  readonly clock: Clock;
  readonly random: () => number;
  readonly breaker: BreakerControl = this;
  readonly #host: PolicyHost;
  #definition: BreakerDefinition;
  /** In the order in which they came. One that was used goes to the end only when somebody must be forgotten (second chance). */
  readonly #breakers = new Map<string | undefined, Breaker>();
  /** The one of no key, found without looking. */
  #single: Breaker | undefined;

  constructor(host: PolicyHost, definition: BreakerDefinition) {
    this.clock = host.clock;
    this.random = host.random;
    this.#host = host;
    this.#definition = definition;
    this.use(definition);
  }

  get settings(): BreakerSettings {
    return this.#definition.settings;
  }

  /** Goes on under another definition; what was counted stays. */
  use(definition: BreakerDefinition): this {
    this.#definition = definition;
    for (const breaker of this.#breakers.values()) breaker.window = definition.createWindow(this.#host, breaker.window);
    this.#single = definition.key === undefined ? this.#of(undefined) : undefined;
    while (this.#breakers.size > definition.maxKeys) this.#forget();
    return this;
  }

  step(ctx: PolicyContext, next: Step, done: Done): void {
    const { name, key } = this.#definition;
    const breaker = this.#single ?? this.#of(key?.(ctx));
    const startedAt = ctx.now;
    const ticket = breaker.admit(startedAt);
    if ('reason' in ticket) {
      const { reason, retryAfterMs } = ticket;
      done(ctx.refuse(name, reason === 'isolated' ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN', reason, WHY[reason], retryAfterMs));
      return;
    }
    next(ctx, (outcome) => {
      const { now } = ctx;
      breaker.settle(ticket, outcome.kind, now - startedAt, now);
      done(outcome);
    });
  }

  snapshot(): PolicySnapshot {
    const breakers = { closed: 0, open: 0, half_open: 0, isolated: 0 };
    for (const { state } of this.#breakers.values()) breakers[state] += 1;
    return { breakers };
  }

  isolate(key?: string): void {
    for (const breaker of this.#some(key)) breaker.isolate();
  }

  close(key?: string): void {
    for (const breaker of this.#some(key)) breaker.close(this.clock.now());
  }

  state(key?: string): BreakerState {
    return (this.#single ?? this.#breakers.get(key))?.state ?? 'closed';
  }

  changed(key: string | undefined, from: BreakerState, to: BreakerState): void {
    const { pipeline, emit } = this.#host;
    emit({ type: 'transition', pipeline, policy: this.#definition.name, key, from, to });
  }

  #some(key: string | undefined): Iterable<Breaker> {
    return key !== undefined && this.#single === undefined ? [this.#of(key)] : this.#breakers.values();
  }

  #of(key: string | undefined): Breaker {
    const found = this.#breakers.get(key);
    if (found !== undefined) {
      found.used = true;
      return found;
    }
    const { createWindow, maxKeys } = this.#definition;
    if (this.#breakers.size >= maxKeys) this.#forget();
    const breaker = new Breaker(this, key, createWindow(this.#host));
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** Looks at a few from the front; those that were used go to the end and must be used anew to stay. */
  #forget(): void {
    let [victim, best, seen] = [undefined as string | undefined, -1, 0];
    for (const [key, breaker] of this.#breakers) {
      const worth = worthless(breaker);
      if (worth > best) [victim, best] = [key, worth];
      seen += 1;
      if (best === 3 || seen === LOOK_AT) break;
      if (breaker.used) {
        breaker.used = false;
        this.#breakers.delete(key);
        this.#breakers.set(key, breaker);
      }
    }
    this.#breakers.get(victim)?.dispose();
    this.#breakers.delete(victim);
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
  const { name, options, fixed = [] } = definition;
  return {
    name,
    kind: 'breaker',
    options,
    fixed,
    bind: (host, previous) => (previous instanceof Breakers ? previous.use(definition) : new Breakers(host, definition)),
  };
}
