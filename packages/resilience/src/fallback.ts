import type { CallContext, PolicyContext } from './policy-context.ts';
import { checkOption, functionOption } from './options.ts';
import { discard, type Outcome, type OutcomeKind } from './outcome.ts';
import type { Done, Policy } from './policy.ts';

/** What a {@link FallbackHandler} is told. */
export interface FallbackReason {
  /** What the call would have rejected with; undefined when it returned a value, such as a response of status 503. */
  readonly error: unknown;
  /** What it returned; undefined when it rejected. */
  readonly value: unknown;
  /** How it was judged; never `success` or `ignored`. */
  readonly kind: OutcomeKind;
  readonly ctx: CallContext;
}

/** Gives another value in the place of one that could not be had. What it throws is what the call rejects with. */
export type FallbackHandler = (reason: FallbackReason) => unknown;

async function replace(handler: FallbackHandler, ctx: PolicyContext, outcome: Outcome<unknown>): Promise<Outcome<unknown>> {
  const { kind, attempts, retryAfterMs } = outcome;
  const how = { kind, attempts, retryAfterMs };
  try {
    const value = await handler({
      error: outcome.ok ? undefined : outcome.error,
      value: outcome.ok ? outcome.value : undefined,
      kind,
      ctx,
    });
    discard(outcome);
    return { ok: true, value, ...how };
  } catch (error) {
    return { ok: false, error, ...how };
  } finally {
    ctx.refresh();
  }
}

/** Whichever comes first: the other value, or the caller who leaves. */
function settle(handler: FallbackHandler, ctx: PolicyContext, outcome: Outcome<unknown>, done: Done): void {
  let settled = false;
  const finish: Done = (result) => {
    if (settled) return;
    settled = true;
    off();
    done(result);
  };
  const off = ctx.onAbort(() => finish(ctx.failAborted('transient')));
  const run = async (): Promise<void> => finish(await replace(handler, ctx, outcome));
  void run();
}

/**
 * Gives another value when the call ended in any way but `success` or `ignored`, such as what a cache still holds. The
 * outcome keeps the kind of what went wrong, so metrics tell the truth. It stands outermost, so no deadline bounds the
 * handler: be quick. A handler that throws makes the call reject with what it threw.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { fallback, pipeline } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [fallback(({ kind }) => `from the cache: ${kind}`)]);
 * console.log(await inventory.execute(() => Promise.reject(new Error('down')))); // from the cache: transient
 * ```
 */
export function fallback(handler: FallbackHandler): Policy {
  checkOption('fallback', 'handler', handler, functionOption());
  return {
    name: 'fallback',
    kind: 'fallback',
    options: Object.freeze({ handler }),
    bind: () => ({
      step(ctx, next, done) {
        next(ctx, (outcome) => {
          if (outcome.kind === 'success' || outcome.kind === 'ignored') done(outcome);
          else settle(handler, ctx, outcome, done);
        });
      },
    }),
  };
}
