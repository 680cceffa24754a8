import { bound } from './bound.ts';
import { MAX_TIMER_MS, resolveOptions, wholeNumber } from './options.ts';
import type { Policy } from './policy.ts';

/** Options of {@link timeout}. */
export interface TimeoutOptions {
  /** Longest time of one attempt. Milliseconds, from 1. */
  readonly attemptMs: number;
}

/**
 * Bounds one attempt: when it takes longer, `ctx.signal` aborts and the attempt fails with `TIMEOUT`, which is `transient`
 * unless the classifier says otherwise. The function is not waited for, so pass `ctx.signal` on, or its work goes on unseen.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `TIMEOUT`
 *
 * @example
 * ```ts
 * import { pipeline, timeout } from '@nines/resilience';
 *
 * const quick = pipeline('quick', [timeout({ attemptMs: 20 })]);
 * const outcome = await quick.executeOutcome(() => new Promise(() => {}));
 * console.log(outcome.kind); // transient
 * ```
 */
export function timeout(options: TimeoutOptions): Policy {
  const resolved = resolveOptions<TimeoutOptions>('timeout', options, {}, { attemptMs: wholeNumber(1, MAX_TIMER_MS) });
  const { attemptMs } = resolved;
  return {
    name: 'timeout',
    kind: 'timeout',
    options: resolved,
    bind: ({ clock }) => ({
      step(ctx, next, done) {
        bound('TIMEOUT', 'timeout', clock, ctx, attemptMs, next, done);
      },
    }),
  };
}
