import {
  type BoundPolicy,
  MAX_TIMER_MS,
  numberFrom,
  type OutcomeKind,
  type Policy,
  type PolicyHost,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';
import { Rolling } from '../rolling.ts';

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

/** What a call that ended adds; undefined for nothing. The dependency refuses when it fails for a while or asks for less. */
function accepted(kind: OutcomeKind): boolean | undefined {
  if (kind === 'success' || kind === 'failure') return true;
  return kind === 'transient' || kind === 'throttled' ? false : undefined;
}

type Resolved = Required<AdaptiveThrottleOptions>;

/** What one pipeline remembers of its dependency. */
function bindThrottle({ k: multiplier, windowMs }: Resolved, { clock, random }: PolicyHost): BoundPolicy {
  let k = multiplier;
  const calls = new Rolling(windowMs, SLICES, 2);
  const rejectionRatio = (now: number): number => {
    calls.advance(now);
    const requests = calls.sum(REQUESTS);
    return Math.max(0, (requests - k * calls.sum(ACCEPTS)) / (requests + 1));
  };
  return {
    step(ctx, next, done) {
      const p = rejectionRatio(ctx.now);
      if (p > 0 && random() < p) {
        calls.add(REQUESTS, 1);
        done(ctx.refuse(NAME, 'THROTTLED', 'throttled', 'the dependency refuses too much'));
        return;
      }
      next(ctx, (outcome) => {
        const ok = accepted(outcome.kind);
        if (ok !== undefined) {
          calls.advance(ctx.now);
          calls.add(REQUESTS, 1);
          if (ok) calls.add(ACCEPTS, 1);
        }
        done(outcome);
      });
    },
    snapshot: () => ({ rejectionRatio: rejectionRatio(clock.now()) }),
    reconfigure(policy) {
      ({ k } = policy.options as Resolved);
    },
  };
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
 * import { pipeline } from '@nines/resilience';
 * import { adaptiveThrottle } from '@nines/resilience/throttle';
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
    k: numberFrom(1, 100),
    windowMs: wholeNumber(1_000, MAX_TIMER_MS),
  });
  return { name: NAME, kind: 'throttle', options: resolved, fixed: ['windowMs'], bind: (host) => bindThrottle(resolved, host) };
}
