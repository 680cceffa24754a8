import type { OutcomeKind } from '@nines/resilience';
import { checkInstrumented, Instrumentation, type InstrumentationOptions, WatchedCall } from './instrumentation.ts';

/*
 * Calls of p-retry that somebody else wrote. Their options are passed on as they are: attempts are seen from inside the
 * function, the call from outside, so no callback of the user is touched.
 */

/** p-retry's default export, as far as {@link instrument} looks at it; tested with p-retry 9. */
export type PRetryFunction = <T>(input: (attemptNumber: number) => PromiseLike<T> | T, options?: never) => Promise<T>;

/** Options of {@link instrument} for p-retry. */
export interface PRetryInstrumentationOptions extends InstrumentationOptions {
  /** Label `pipeline` of the metrics, and the first word of the spans; 1 to 100 characters. Keep the number of names small. */
  readonly name: string;
}

const POLICY = 'p-retry';

/** p-retry's own AbortError ends the retries for an answer that a repeat would not change; other AbortErrors say that somebody left. */
function isFinal(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError' && 'originalError' in error;
}

function left(options: { readonly signal?: AbortSignal | null } | undefined): boolean {
  return options?.signal?.aborted === true;
}

/**
 * Spans and metrics for calls of p-retry that exist already: wrap the function that you import, and leave the calls as they
 * are. Each call becomes the events of a pipeline of the given name: `resilience_calls_total`, `resilience_attempts_total`
 * with `kind` `first` or `retry`, and one span for each attempt, active while it runs.
 *
 * An error is judged by `classify`; p-retry's own `AbortError` is a `failure`, and everything after the abort of
 * `options.signal` is `ignored`. The wait of a retry is told when the retry begins, as it really was.
 *
 * In place of `makeRetriable(fn, options)` write `(...args) => pRetry(() => fn(...args), options)`.
 *
 * @returns a function with the same arguments and the same results. Wrap once for each dependency, under its name.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import pRetryPlain from 'p-retry';
 * import { Registry } from 'prom-client';
 * import { tracing } from '@nines/resilience/otel';
 * import { instrument } from '@nines/resilience/p-retry';
 * import { prometheus } from '@nines/resilience/prometheus';
 *
 * const registry = new Registry();
 * const pRetry = instrument(pRetryPlain, { name: 'inventory', metrics: prometheus(registry), observer: tracing() });
 *
 * const run = (attempt: number): string => {
 *   if (attempt === 1) throw new Error('down');
 *   return `attempt ${attempt}`;
 * };
 * console.log(await pRetry(run, { retries: 2, minTimeout: 1 })); // attempt 2
 * const text = await registry.metrics();
 * console.log(text.includes('resilience_attempts_total{pipeline="inventory",kind="retry",outcome="success"} 1')); // true
 * ```
 */
export function instrument<F extends PRetryFunction>(pRetry: F, options: PRetryInstrumentationOptions): F {
  checkInstrumented('pRetry', pRetry, (value) => typeof value === 'function', 'the function of p-retry');
  const telemetry = new Instrumentation('instrument', POLICY, options, () => undefined);

  const watched = async <T>(input: (attemptNumber: number) => PromiseLike<T> | T, retryOptions?: { signal?: AbortSignal }): Promise<T> => {
    const call = new WatchedCall(telemetry);
    const judge = (error: unknown): OutcomeKind => {
      if (left(retryOptions)) return 'ignored';
      return isFinal(error) ? 'failure' : telemetry.judge({ ok: false, error });
    };
    const attempt = async (attemptNumber: number): Promise<T> => {
      try {
        const value = await call.run(POLICY, () => input(attemptNumber));
        call.settle({ ok: true, value }, left(retryOptions) ? 'ignored' : telemetry.judge({ ok: true, value }));
        return value;
      } catch (error) {
        call.settle({ ok: false, error }, judge(error));
        throw error;
      }
    };
    try {
      const value = await pRetry(attempt, retryOptions as never);
      call.end(call.lastKind ?? 'success');
      return value;
    } catch (error) {
      // Without an attempt p-retry refused its options, or the caller had left before.
      call.end(left(retryOptions) ? 'ignored' : (call.lastKind ?? 'failure'));
      throw error;
    }
  };
  return watched as F;
}
