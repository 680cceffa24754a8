import {
  type BoundPolicy,
  type BreakerState,
  type CallContext,
  functionOption,
  MAX_TIMER_MS,
  optional,
  type Policy,
  type PolicyContext,
  type PolicyHost,
  ratio,
  ResilienceError,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';
import { OpossumBreaker, type OpossumBreakerSettings, type Refusal } from './opossum-breaker.ts';

/** Options of {@link opossum}. All have a default. */
export interface OpossumOptions {
  /** Share of failed calls in the window from which the breaker opens (at or above). Above 0, up to 1. Default: 0.5. */
  readonly failureRateThreshold?: number;
  /** Calls that must have ended in the window before the breaker may open. Default: 20. */
  readonly minimumCalls?: number;
  /** Length of the rolling window. Milliseconds, default: 10 000. */
  readonly windowMs?: number;
  /** Parts in which the window moves on. Default: 10. */
  readonly windowBuckets?: number;
  /** How long the breaker stays open before it lets a probe through. Milliseconds, default: 30 000. */
  readonly openMs?: number;
  /** Probes in the half-open state, and how many must succeed to close. Default: 1. */
  readonly probes?: number;
  /** A probe that takes longer counts as failed; its late result counts for nothing. Milliseconds, default: 10 000. */
  readonly probeTimeoutMs?: number;
  /** Gives each call a key, such as a host name: one breaker for each key. Default: one breaker for all. */
  readonly key?: (ctx: CallContext) => string | undefined;
  /** Most breakers kept when `key` is set; past it the one unused for longest is forgotten, a closed one first. Default: 1 000. */
  readonly maxKeys?: number;
}

type Resolved = OpossumBreakerSettings & { readonly maxKeys: number; readonly key?: OpossumOptions['key'] };

const defaults: Readonly<Partial<Resolved>> = Object.freeze({
  failureRateThreshold: 0.5,
  minimumCalls: 20,
  windowMs: 10_000,
  windowBuckets: 10,
  openMs: 30_000,
  probes: 1,
  probeTimeoutMs: 10_000,
  maxKeys: 1_000,
});

/** Breakers by key, least recently used first. */
class OpossumBreakers implements BoundPolicy {
  readonly #host: PolicyHost;
  readonly #options: Resolved;
  readonly #breakers = new Map<string | undefined, OpossumBreaker>();

  constructor(host: PolicyHost, options: Resolved) {
    this.#host = host;
    this.#options = options;
    if (options.key === undefined) this.#add(undefined);
  }

  async run(ctx: PolicyContext, next: (ctx: PolicyContext) => ReturnType<BoundPolicy['run']>): ReturnType<BoundPolicy['run']> {
    const key = this.#options.key?.(ctx);
    const breaker = this.#breaker(key);
    const ticket = breaker.admit();
    if ('reason' in ticket) return this.#refuse(ctx, key, ticket);
    const outcome = await next(ctx);
    breaker.settle(ticket, outcome.kind);
    return outcome;
  }

  snapshot(): { readonly breakers: Readonly<Record<BreakerState, number>> } {
    const breakers = { closed: 0, open: 0, half_open: 0 };
    for (const breaker of this.#breakers.values()) breakers[breaker.state] += 1;
    return { breakers };
  }

  #refuse(ctx: PolicyContext, key: string | undefined, { reason, retryAfterMs }: Refusal): ReturnType<PolicyContext['fail']> {
    const { pipeline } = this.#host;
    if (this.#host.observed()) this.#host.emit({ type: 'rejection', pipeline, policy: 'opossum', reason, key, retryAfterMs });
    const why = reason === 'open' ? 'the circuit is open' : 'the circuit is half-open and its probes are out';
    return ctx.fail(new ResilienceError('CIRCUIT_OPEN', `${pipeline}: ${why}`, { policy: 'opossum', pipeline, retryAfterMs }), 'rejected');
  }

  #breaker(key: string | undefined): OpossumBreaker {
    const found = this.#breakers.get(key);
    if (found === undefined) return this.#add(key);
    if (this.#options.key !== undefined) {
      this.#breakers.delete(key);
      this.#breakers.set(key, found);
    }
    return found;
  }

  #add(key: string | undefined): OpossumBreaker {
    if (this.#breakers.size >= this.#options.maxKeys) this.#forget();
    const { pipeline, clock, emit, observed } = this.#host;
    const breaker = new OpossumBreaker(pipeline, this.#options, clock, (from, to) => {
      if (observed()) emit({ type: 'transition', pipeline, policy: 'opossum', key, from, to });
    });
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** Looks at a few of the oldest only, so that the cost of a call stays flat. */
  #forget(): void {
    let seen = 0;
    let victim: string | undefined;
    for (const [key, breaker] of this.#breakers) {
      if (seen === 0 || breaker.state === 'closed') victim = key;
      seen += 1;
      if (breaker.state === 'closed' || seen === 8) break;
    }
    this.#breakers.get(victim)?.dispose();
    this.#breakers.delete(victim);
  }
}

/**
 * A circuit breaker whose rolling window and trip decision are those of opossum 10, without its faults: opossum is told
 * only the settled outcome of a call of the current generation. `success` counts as success, `failure` and `transient` as
 * failure; what is `throttled`, `ignored` or `rejected` does not count.
 *
 * The state moves from open to half-open with the first call after `openMs`, so an idle breaker stays `open`.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `CIRCUIT_OPEN`, whose `retryAfterMs` says when the breaker will probe
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { opossum } from '@nines/resilience/opossum';
 *
 * const inventory = pipeline('inventory', [opossum({ minimumCalls: 2, openMs: 5_000 })]);
 * const down = () => Promise.reject(new Error('down'));
 * const kinds = [];
 * for (let i = 0; i < 3; i++) kinds.push((await inventory.executeOutcome(down)).kind);
 * console.log(kinds); // [ 'transient', 'transient', 'rejected' ]
 * ```
 */
export function opossum(options: OpossumOptions = {}): Policy {
  const resolved = resolveOptions<Resolved>('opossum', options, defaults, {
    failureRateThreshold: ratio(),
    minimumCalls: wholeNumber(1, 1_000_000),
    windowMs: wholeNumber(100, MAX_TIMER_MS),
    windowBuckets: wholeNumber(1, 100),
    openMs: wholeNumber(1, MAX_TIMER_MS),
    probes: wholeNumber(1, 1_000),
    probeTimeoutMs: wholeNumber(1, MAX_TIMER_MS),
    key: optional(functionOption()),
    maxKeys: wholeNumber(1, 100_000),
  });
  return { name: 'opossum', kind: 'breaker', options: resolved, bind: (host) => new OpossumBreakers(host, resolved) };
}
