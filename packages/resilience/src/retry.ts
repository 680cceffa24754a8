import { type Backoff, exponential } from './backoff.ts';
import type { PolicyContext } from './policy-context.ts';
import type { PolicySnapshot } from './events.ts';
import { checkOption, functionOption, MAX_TIMER_MS, objectOption, optional, resolveOptions, wholeNumber } from './options.ts';
import { discard, type Outcome } from './outcome.ts';
import { type BoundPolicy, broken, type Done, type Policy, type PolicyHost, type Step } from './policy.ts';
import { type RetryBudget, retryBudget } from './retry-budget.ts';

/** Options of {@link retry}. All have a default. */
export interface RetryOptions {
  /** Most runs of the function, the first one included. From 1 to 100. Default: 3. */
  readonly maxAttempts?: number;
  /** Wait before each retry. Default: `exponential({ baseMs: 100, maxMs: 10_000, jitter: 'full' })`. */
  readonly backoff?: Backoff;
  /** A wait the dependency asked for is kept when it is at most `maxMs` milliseconds; a longer one ends the call, with `retryAfterMs` on the error. Default: 30 000. */
  readonly retryAfter?: { readonly maxMs: number };
  /** Bounds the retries of all calls together. Default: a `retryBudget()` of its own in each pipeline. */
  readonly budget?: RetryBudget;
  /** Asked before each retry; false ends the call, so that something else may switch retries off. Default: always true. */
  readonly allow?: () => boolean;
}

type Resolved = Required<Omit<RetryOptions, 'allow' | 'budget'>> & Pick<RetryOptions, 'allow' | 'budget'>;

const defaults: Readonly<Partial<Resolved>> = Object.freeze({
  maxAttempts: 3,
  backoff: exponential({ baseMs: 100, maxMs: 10_000, jitter: 'full' }),
  retryAfter: Object.freeze({ maxMs: 30_000 }),
});

/** The wait before the next attempt, or in words why there is none. What costs nothing is asked first, the budget last. */
function decide(
  { maxAttempts, backoff, retryAfter, allow }: Resolved,
  budget: RetryBudget,
  { pipeline, random, emit }: PolicyHost,
  ctx: PolicyContext,
  attempt: number,
  { kind, retryAfterMs = 0 }: Outcome<unknown>,
): number | string {
  if (attempt >= maxAttempts) return 'no attempt is left';
  if (ctx.idempotent === false && kind !== 'throttled') return 'not idempotent';
  if (!(retryAfterMs >= 0)) return 'it was forbidden';
  if (retryAfterMs > retryAfter.maxMs) return 'the wait asked for is above retryAfter.maxMs';
  const ms = backoff(attempt, random, retryAfterMs);
  const delayMs = Math.max(ms > 0 ? Math.min(ms, MAX_TIMER_MS) : 0, retryAfterMs);
  if (delayMs >= ctx.remainingMs()) return 'the wait would end after the deadline';
  if (allow?.() === false) return 'allow() said no';
  if (budget.take(ctx.now)) return delayMs;
  emit({ type: 'rejection', pipeline, policy: 'retry', reason: 'budget', key: ctx.key, retryAfterMs: undefined });
  return 'the retry budget is empty';
}

/** The retries of one pipeline. */
function bindRetry(resolved: Resolved, host: PolicyHost): BoundPolicy {
  const { pipeline, clock, emit } = host;
  let options = resolved;
  let budget = options.budget ?? retryBudget();

  /** A value stays a value: the caller gets the last one. */
  function exhausted(ctx: PolicyContext, attempt: number, outcome: Outcome<unknown>, stop: string): Outcome<unknown> {
    const { maxAttempts } = options;
    if (outcome.ok || maxAttempts === 1) return outcome;
    const why = `gave up after ${attempt} of ${maxAttempts} attempts: ${stop}`;
    return ctx.failLater(outcome.kind, 'retry', 'RETRIES_EXHAUSTED', why, outcome.retryAfterMs, outcome.error);
  }

  /** Another attempt after a wait, or the end. */
  function again(ctx: PolicyContext, count: number, outcome: Outcome<unknown>, inside: Step, done: Done): void {
    let delayMs: number | string;
    try {
      delayMs = decide(options, budget, host, ctx, count, outcome);
    } catch (error) {
      // The user's backoff or allow() threw: a mistake in the program, which is shown and not retried.
      done(broken(ctx, error));
      return;
    }
    if (typeof delayMs === 'string') {
      done(exhausted(ctx, count, outcome, delayMs));
      return;
    }
    emit({ type: 'retry', pipeline, policy: 'retry', attempt: count + 1, delayMs, kind: outcome.kind });
    discard(outcome);
    const goOn = (inTime: boolean): void => {
      if (inTime) attempt(ctx, count + 1, inside, done);
      else done(ctx.failAborted('transient'));
    };
    // A promise keeps the async context, so the trace, of this call: its timer is shared and runs in that of another one.
    void ctx.sleep(delayMs).then(goOn);
  }

  function attempt(ctx: PolicyContext, count: number, inside: Step, done: Done): void {
    // The first attempt needs no context of its own: nothing but what ends the call ends it from outside.
    const own = count === 1 ? undefined : ctx.fork({ attempt: count });
    inside(own ?? ctx, (outcome) => {
      own?.end();
      const { kind } = outcome;
      budget.settled(kind, ctx.now);
      if (ctx.aborted !== undefined || (kind !== 'transient' && kind !== 'throttled')) done(outcome);
      else again(ctx, count, outcome, inside, done);
    });
  }

  return {
    step(ctx, inside, done) {
      budget.call(ctx.now);
      attempt(ctx, 1, inside, done);
    },
    snapshot: (): PolicySnapshot => ({ retryBudget: budget.balance(clock.now()) }),
    // Options without a budget keep the one there is.
    reconfigure(policy) {
      options = policy.options as Resolved;
      budget = options.budget ?? budget;
    },
  };
}

/**
 * Runs again what the classifier calls `transient` or `throttled`, whatever was thrown or returned; each attempt has its
 * own `ctx.signal` and number; an abort ends the wait at once; every error is kept. The budget bounds the retries of all
 * calls together, so that a dependency that is down is not stormed.
 *
 * When no retry follows an error the call rejects with `RETRIES_EXHAUSTED`: the message says why, such as an empty budget,
 * `cause` is the last error, `attempts` holds all. When none follows a returned value, such as a response of status 503, the
 * call resolves to that value. With `maxAttempts: 1`, and when the first error may not be retried, the error passes unchanged.
 *
 * Only retry what may run twice; `execute(fn, { idempotent: false })` retries only what the dependency itself put off
 * (`throttled`). A classifier that gives a `retryAfterMs` below 0 or NaN forbids the retry, as gRPC's pushback does.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `RETRIES_EXHAUSTED`
 *
 * @example
 * ```ts
 * import { fixed, pipeline, retry } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [retry({ maxAttempts: 3, backoff: fixed(1) })]);
 * const answer = await inventory.execute(async (ctx) => {
 *   if (ctx.attempt < 3) throw new TypeError('fetch failed');
 *   return `attempt ${ctx.attempt}`;
 * });
 * console.log(answer); // attempt 3
 * ```
 */
export function retry(options: RetryOptions = {}): Policy {
  const resolved = resolveOptions<Resolved>('retry', options, defaults, {
    maxAttempts: wholeNumber(1, 100),
    backoff: functionOption(),
    retryAfter: objectOption(),
    budget: optional(budgetOption),
    allow: optional(functionOption()),
  });
  checkOption('retry', 'retryAfter.maxMs', resolved.retryAfter.maxMs, wholeNumber(0, MAX_TIMER_MS));
  return { name: 'retry', kind: 'retry', options: resolved, bind: (host) => bindRetry(resolved, host) };
}

function budgetOption(value: unknown): string | undefined {
  return typeof (value as Partial<RetryBudget> | null)?.take === 'function' ? undefined : 'a retryBudget()';
}
