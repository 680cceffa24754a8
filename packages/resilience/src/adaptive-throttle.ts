import type { PolicyContext } from './context.ts';
import type { PolicySnapshot } from './events.ts';
import { MAX_TIMER_MS, type OptionCheck, resolveOptions, wholeNumber } from './options.ts';
import type { OutcomeKind } from './outcome.ts';
import type { BoundPolicy, Done, Policy, PolicyHost, Step } from './policy.ts';
import { Rolling } from './rolling.ts';

/** Options of {@link adaptiveThrottle}. Both have a default. */
export interface AdaptiveThrottleOptions {
  /** How many calls are sent for each that is accepted. From 1 to 100; lower refuses earlier. Default: 2. */
  readonly k?: number;
  /** The calls that are looked at. Milliseconds, from 1 000. Default: 120 000. */
  readonly windowMs?: number;
}

const defaults: Readonly<Required<AdaptiveThrottleOptions>> = Object.freeze({ k: 2, windowMs: 120_000 });

const NAME = 'adaptive-throttle';
const SLICES = 24;
const REQUESTS = 0;
const ACCEPTS = 1;

const multiplier: OptionCheck = (value) => (typeof value === 'number' && value >= 1 && value <= 100 ? undefined : 'a number from 1 to 100');

/** What a call that ended adds; undefined for nothing. The dependency refuses when it fails for a while or asks for less. */
function accepted(kind: OutcomeKind): boolean | undefined {
  if (kind === 'success' || kind === 'failure') return true;
  return kind === 'transient' || kind === 'throttled' ? false : undefined;
}

/** What one pipeline remembers of its dependency. */
class Throttle implements BoundPolicy {
  readonly #host: PolicyHost;
  readonly #calls: Rolling;
  #k: number;

  constructor(host: PolicyHost, { k, windowMs }: Required<AdaptiveThrottleOptions>) {
    this.#host = host;
    this.#calls = new Rolling(windowMs, SLICES, 2);
    this.#k = k;
  }

  /** Goes on under other options. */
  use({ k }: Required<AdaptiveThrottleOptions>): this {
    this.#k = k;
    return this;
  }

  step(ctx: PolicyContext, next: Step, done: Done): void {
    const p = this.#ratio(ctx.now);
    if (p > 0 && this.#host.random() < p) {
      this.#calls.add(REQUESTS, 1);
      done(ctx.refuse(NAME, 'THROTTLED', 'throttled', 'the dependency refuses too much'));
      return;
    }
    next(ctx, (outcome) => {
      const ok = accepted(outcome.kind);
      if (ok !== undefined) {
        this.#calls.advance(ctx.now);
        this.#calls.add(REQUESTS, 1);
        if (ok) this.#calls.add(ACCEPTS, 1);
      }
      done(outcome);
    });
  }

  snapshot(): PolicySnapshot {
    return { rejectionRatio: this.#ratio(this.#host.clock.now()) };
  }

  #ratio(now: number): number {
    this.#calls.advance(now);
    const requests = this.#calls.sum(REQUESTS);
    return Math.max(0, (requests - this.#k * this.#calls.sum(ACCEPTS)) / (requests + 1));
  }
}

/**
 * Sends less to a dependency that refuses much: over the window, a call is refused here with the probability
 *
 * `p = max(0, (requests − k · accepts) / (requests + 1))`
 *
 * where `requests` are the calls that ended and those refused here, and `accepts` those that the dependency answered
 * (`success`, `failure`). What is `transient` or `throttled` was not accepted; what is `ignored`, or `rejected` by a policy
 * inside, counts for nothing. With k = 2 twice as much is sent as is accepted, so that it is noticed when it is well again.
 *
 * Source: Google SRE book, ch. 21, "Client-Side Throttling".
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `THROTTLED`
 *
 * @example
 * ```ts
 * import { adaptiveThrottle, pipeline } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [adaptiveThrottle()], { random: () => 0.5 });
 * const kinds = [];
 * for (let i = 0; i < 3; i++) kinds.push((await inventory.executeOutcome(() => Promise.reject(new Error('busy')))).kind);
 * // After one failure of one call p is 1/2, after two of two it is 2/3, and chance is 0.5 here.
 * console.log(kinds); // [ 'transient', 'transient', 'rejected' ]
 * ```
 */
export function adaptiveThrottle(options: AdaptiveThrottleOptions = {}): Policy {
  const resolved = resolveOptions<Required<AdaptiveThrottleOptions>>('adaptiveThrottle', options, defaults, {
    k: multiplier,
    windowMs: wholeNumber(1_000, MAX_TIMER_MS),
  });
  return {
    name: NAME,
    kind: 'throttle',
    options: resolved,
    fixed: ['windowMs'],
    bind: (host, previous) => (previous instanceof Throttle ? previous.use(resolved) : new Throttle(host, resolved)),
  };
}
