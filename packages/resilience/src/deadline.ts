import { bound } from './bound.ts';
import { MAX_TIMER_MS, resolveOptions, wholeNumber } from './options.ts';
import type { Policy } from './policy.ts';

/** Options of {@link deadline}. */
export interface DeadlineOptions {
  /** Longest time of the whole call: all attempts and the waits between them. Milliseconds, from 1. */
  readonly totalMs: number;
}

/**
 * Bounds the whole call. At the deadline `ctx.signal` aborts and the call fails with `DEADLINE_EXCEEDED`. Policies inside
 * read `ctx.remainingMs()`: a retry does not begin a wait that ends after the deadline. The deadline that `execute` inherits by `remainingMs` is kept
 * when it is nearer; a call whose inherited deadline has passed is refused.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `DEADLINE_EXCEEDED`
 *
 * @example
 * ```ts
 * import { deadline, isResilienceError, pipeline } from '@nines/resilience';
 *
 * const bounded = pipeline('bounded', [deadline({ totalMs: 20 })]);
 * const outcome = await bounded.executeOutcome(() => new Promise(() => {}));
 * console.log(!outcome.ok && isResilienceError(outcome.error) && outcome.error.code); // DEADLINE_EXCEEDED
 * ```
 */
export function deadline(options: DeadlineOptions): Policy {
  const resolved = resolveOptions<DeadlineOptions>('deadline', options, {}, { totalMs: wholeNumber(1, MAX_TIMER_MS) });
  const { totalMs } = resolved;
  return {
    name: 'deadline',
    kind: 'deadline',
    options: resolved,
    bind: ({ clock }) => ({
      step(ctx, next, done) {
        const inheritedMs = ctx.remainingMs();
        if (inheritedMs <= 0) {
          done(ctx.failLater('rejected', 'deadline', 'DEADLINE_EXCEEDED', 'the deadline had passed'));
          return;
        }
        const ms = Math.min(totalMs, inheritedMs);
        bound('DEADLINE_EXCEEDED', 'deadline', clock, ctx, ms, next, done);
      },
    }),
  };
}
