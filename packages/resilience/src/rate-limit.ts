import type { Clock } from './clock.ts';
import type { PolicyContext } from './context.ts';
import type { PolicySnapshot } from './events.ts';
import { resolveOptions, wholeNumber } from './options.ts';
import type { BoundPolicy, Done, Policy, PolicyHost, Step } from './policy.ts';

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** Calls a second in the long run. Above 0, may have a fraction: 0.1 is one call in ten seconds. */
  readonly permitsPerSecond: number;
  /** Calls that may come at once after a rest. From 1. Default: `permitsPerSecond`, rounded up. */
  readonly burst?: number;
}

const NAME = 'rate-limit';

/** What floating point may lose; a millionth of a millisecond. */
const EPSILON_MS = 1e-6;

/** The permits of one pipeline. */
class Permits implements BoundPolicy {
  readonly #clock: Clock;
  #due = Number.NEGATIVE_INFINITY;
  #perSecond = 0;
  #burst = 0;
  #intervalMs = 0;
  #slackMs = 0;

  constructor({ clock }: PolicyHost) {
    this.#clock = clock;
  }

  /** Goes on under other options; what was taken stays taken. */
  use({ permitsPerSecond, burst }: Required<RateLimitOptions>): this {
    this.#perSecond = permitsPerSecond;
    this.#burst = burst;
    this.#intervalMs = 1_000 / permitsPerSecond;
    this.#slackMs = (burst - 1) * this.#intervalMs + EPSILON_MS;
    return this;
  }

  step(ctx: PolicyContext, next: Step, done: Done): void {
    const waitMs = this.#waitMs(ctx.now);
    if (waitMs > 0) done(ctx.refuse(NAME, 'RATE_LIMITED', 'rate', `more than ${this.#perSecond} calls a second`, Math.ceil(waitMs)));
    else {
      this.#due = Math.max(this.#due, ctx.now) + this.#intervalMs;
      next(ctx, done);
    }
  }

  snapshot(): PolicySnapshot {
    return { permits: Math.min(this.#burst, Math.floor(-this.#waitMs(this.#clock.now()) / this.#intervalMs) + 1) };
  }

  /** Until there is a permit; not above 0 when there is one. A clock that jumped back leaves no debt but an empty bucket. */
  #waitMs(now: number): number {
    this.#due = Math.min(this.#due, now + this.#slackMs + this.#intervalMs);
    return this.#due - this.#slackMs - now;
  }
}

/**
 * Keeps the calls of one pipeline to a rate, by a token bucket that begins full: a call without a permit is refused at once,
 * and `retryAfterMs` says when there is one. It waits for nothing and uses no timer.
 *
 * Counted as a virtual schedule, which is the same: a call may go when `now >= due − (burst − 1) · interval`, and moves `due`
 * on by one interval. Source: ITU-T I.371, generic cell rate algorithm.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `RATE_LIMITED`
 *
 * @example
 * ```ts
 * import { pipeline, rateLimit } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [rateLimit({ permitsPerSecond: 10, burst: 2 })]);
 * const calls = [1, 2, 3].map((stock) => inventory.executeOutcome(() => stock));
 * console.log((await Promise.all(calls)).map((outcome) => outcome.kind)); // [ 'success', 'success', 'rejected' ]
 * ```
 */
export function rateLimit(options: RateLimitOptions): Policy {
  const perSecond: unknown = options?.permitsPerSecond;
  const burstByRate = typeof perSecond === 'number' && perSecond > 1 ? Math.ceil(perSecond) : 1;
  const resolved = resolveOptions<Required<RateLimitOptions>>(
    'rateLimit',
    options,
    { burst: burstByRate },
    { permitsPerSecond: rate, burst: wholeNumber(1, 1_000_000) },
  );
  return {
    name: NAME,
    kind: 'rate-limit',
    options: resolved,
    bind: (host, previous) => (previous instanceof Permits ? previous : new Permits(host)).use(resolved),
  };
}

function rate(value: unknown): string | undefined {
  return typeof value === 'number' && value >= 0.001 && value <= 1_000_000 ? undefined : 'a number from 0.001 to 1000000';
}
