import { type BoundPolicy, numberFrom, type Policy, type PolicyHost, resolveOptions, wholeNumber } from '@nines/resilience';

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

type Resolved = Required<RateLimitOptions>;

/** The permits of one pipeline. */
function bindRateLimit(resolved: Resolved, { clock }: PolicyHost): BoundPolicy {
  let { permitsPerSecond, burst } = resolved;
  let due = Number.NEGATIVE_INFINITY;
  const intervalMs = (): number => 1_000 / permitsPerSecond;
  const slackMs = (): number => (burst - 1) * intervalMs() + EPSILON_MS;

  /** Until there is a permit; not above 0 when there is one. After a clock jumped back the bucket is empty, and no worse. */
  function waitMs(now: number): number {
    due = Math.min(due, now + slackMs() + intervalMs());
    return due - slackMs() - now;
  }

  return {
    step(ctx, next, done) {
      const ms = waitMs(ctx.now);
      if (ms > 0) done(ctx.refuse(NAME, 'RATE_LIMITED', 'rate', `more than ${permitsPerSecond} calls a second`, Math.ceil(ms)));
      else {
        due = Math.max(due, ctx.now) + intervalMs();
        next(ctx, done);
      }
    },
    snapshot: () => ({ permits: Math.min(burst, Math.floor(-waitMs(clock.now()) / intervalMs()) + 1) }),
    // What was taken stays taken.
    reconfigure(policy) {
      ({ permitsPerSecond, burst } = policy.options as Resolved);
      waitMs(clock.now());
    },
  };
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
 * import { pipeline } from '@nines/resilience';
 * import { rateLimit } from '@nines/resilience/throttle';
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
    { permitsPerSecond: numberFrom(0.001, 1_000_000), burst: wholeNumber(1, 1_000_000) },
  );
  return { name: NAME, kind: 'rate-limit', options: resolved, bind: (host) => bindRateLimit(resolved, host) };
}
