import { makeRetriable } from 'p-retry';
import {
  type Backoff,
  type BoundPolicy,
  checkOption,
  exponential,
  functionOption,
  MAX_TIMER_MS,
  objectOption,
  type Next,
  optional,
  type Outcome,
  type Policy,
  type PolicyContext,
  type PolicyHost,
  ResilienceError,
  resolveOptions,
  wholeNumber,
} from '@nines/resilience';

export type { InstrumentationOptions } from './instrumentation.ts';
export { instrument, type PRetryFunction, type PRetryInstrumentationOptions } from './p-retry-instrument.ts';

/** Options of {@link pRetry}. All have a default. */
export interface PRetryOptions {
  /** Most runs of the function, the first one included. From 1 to 100. Default: 3. */
  readonly maxAttempts?: number;
  /** Wait before each retry. Default: `exponential({ baseMs: 100, maxMs: 10_000, jitter: 'full' })`. */
  readonly backoff?: Backoff;
  /** A wait the dependency asked for is kept when it is at most `maxMs` milliseconds; a longer one ends the call, with `retryAfterMs` on the error. Default: 30 000. */
  readonly retryAfter?: { readonly maxMs: number };
  /** Asked before each retry; false ends the call, so that something else may switch retries off. Default: always true. */
  readonly allow?: () => boolean;
}

type Resolved = Required<Omit<PRetryOptions, 'allow'>> & Pick<PRetryOptions, 'allow'>;

const defaults: Readonly<Partial<Resolved>> = Object.freeze({
  maxAttempts: 3,
  backoff: exponential({ baseMs: 100, maxMs: 10_000, jitter: 'full' }),
  retryAfter: Object.freeze({ maxMs: 30_000 }),
});

/** Why no retry follows. */
type Stop = 'attempts' | 'idempotent' | 'pushback' | 'retryAfter' | 'deadline' | 'disallowed';
const STOPPED: Readonly<Record<Stop, string>> = Object.freeze({
  attempts: 'no attempt is left',
  idempotent: 'not idempotent',
  pushback: 'it was forbidden',
  retryAfter: 'the wait asked for is above retryAfter.maxMs',
  deadline: 'the wait would end after the deadline',
  disallowed: 'allow() said no',
});

/** One call inside the loop of p-retry. */
interface RetriedCall {
  readonly ctx: PolicyContext;
  readonly next: Next;
  attempt: number;
  outcome: Outcome<unknown>;
  delayMs: number;
}

/**
 * What is thrown through p-retry to make it go round again. An error by prototype alone: p-retry never retries a TypeError
 * or what is no Error, so it must not see the real one, and a stack trace for each retry would be waste.
 */
type Carrier = Error & { readonly call: RetriedCall };

function carry(call: RetriedCall): Carrier {
  return Object.assign(Object.create(Error.prototype) as Error, { call });
}

function isCarrier(error: Error): error is Carrier {
  return 'call' in error;
}

/** A user's backoff may give anything; a timer holds whole milliseconds from 0. */
function boundedDelay(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), MAX_TIMER_MS);
}

/** The policy inside one pipeline. */
class PRetry implements BoundPolicy {
  readonly #host: PolicyHost;
  readonly #options: Resolved;
  readonly #loop: (call: RetriedCall) => Promise<Outcome<unknown>>;

  constructor(host: PolicyHost, options: Resolved) {
    this.#host = host;
    this.#options = options;
    const wait = (call: RetriedCall): Promise<void> => this.#wait(call);
    // A bare loop: what is thrown, when, and how long to wait is decided here.
    this.#loop = makeRetriable((call: RetriedCall) => this.#attempt(call), {
      retries: options.maxAttempts - 1,
      minTimeout: 0,
      factor: 1,
      randomize: false,
      onFailedAttempt({ error }) {
        // Only a policy from outside that rejects, which none may, can bring another error here.
        if (!isCarrier(error)) throw error;
        return wait(error.call);
      },
    });
  }

  run(ctx: PolicyContext, next: Next): Promise<Outcome<unknown>> {
    return this.#loop({ ctx, next, attempt: 0, outcome: NOTHING, delayMs: 0 });
  }

  /** Resolves when the call is over; throws the carrier for another round. */
  async #attempt(call: RetriedCall): Promise<Outcome<unknown>> {
    const { ctx } = call;
    if (ctx.aborted !== undefined && call.attempt > 0)
      return ctx.fail(ctx.aborted, ctx.aborted.code === 'ABORTED' ? 'ignored' : 'transient');
    call.attempt += 1;
    const inner = ctx.fork({ attempt: call.attempt });
    const outcome = await call.next(inner);
    inner.end();
    call.outcome = outcome;
    if (ctx.aborted !== undefined) return outcome;
    if (outcome.kind !== 'transient' && outcome.kind !== 'throttled') return outcome;
    const stop = this.#stop(call, outcome);
    if (stop === undefined) throw carry(call);
    return this.#exhausted(call, outcome, stop);
  }

  /** Sets the wait before the next attempt, or says why there is none. */
  #stop(call: RetriedCall, { kind, retryAfterMs = 0 }: Outcome<unknown>): Stop | undefined {
    const { maxAttempts, backoff, retryAfter, allow } = this.#options;
    if (call.attempt >= maxAttempts) return 'attempts';
    if (call.ctx.idempotent === false && kind !== 'throttled') return 'idempotent';
    if (!(retryAfterMs >= 0)) return 'pushback';
    if (retryAfterMs > retryAfter.maxMs) return 'retryAfter';
    call.delayMs = Math.max(boundedDelay(backoff(call.attempt, this.#host.random, retryAfterMs)), retryAfterMs);
    if (call.delayMs >= call.ctx.remainingMs()) return 'deadline';
    return allow?.() === false ? 'disallowed' : undefined;
  }

  async #wait({ ctx, attempt, delayMs, outcome }: RetriedCall): Promise<void> {
    const { pipeline, observed, emit } = this.#host;
    if (observed()) emit({ type: 'retry', pipeline, policy: 'p-retry', attempt: attempt + 1, delayMs, kind: outcome.kind });
    if (outcome.ok) outcome.discard?.();
    await ctx.sleep(delayMs);
  }

  /** A value stays a value: the caller gets the last one. */
  #exhausted({ ctx, attempt }: RetriedCall, outcome: Outcome<unknown>, stop: Stop): Outcome<unknown> {
    const { maxAttempts } = this.#options;
    if (outcome.ok || maxAttempts === 1) return outcome;
    const { pipeline } = this.#host;
    const message = `${pipeline}: gave up after ${attempt} of ${maxAttempts} attempts: ${STOPPED[stop]}`;
    const { error: cause, kind, retryAfterMs } = outcome;
    const details = { policy: 'p-retry', pipeline, retryAfterMs, attempts: [...ctx.attempts], cause };
    return ctx.fail(new ResilienceError('RETRIES_EXHAUSTED', message, details), kind);
  }
}

/** Stands for the outcome before the first attempt. */
const NOTHING: Outcome<unknown> = Object.freeze({ ok: true, value: undefined, kind: 'ignored', attempts: [], retryAfterMs: undefined });

/**
 * Retries with the loop of p-retry 9, without its faults. What the classifier calls `transient` or `throttled` is run
 * again, whether it is an Error, a `TypeError`, any other thrown value or a returned one; each attempt has its own
 * `ctx.signal` and number; an abort ends the wait at once; every error is kept.
 *
 * When attempts run out on an error the call rejects with `RETRIES_EXHAUSTED` (`cause` is the last error, `attempts` holds
 * all). When they run out on a returned value, such as a response of status 503, the call resolves to that value. With
 * `maxAttempts: 1`, and when the first error may not be retried, the error passes unchanged. Only retry what may run twice.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `RETRIES_EXHAUSTED`
 *
 * @example
 * ```ts
 * import { fixed, pipeline } from '@nines/resilience';
 * import { pRetry } from '@nines/resilience/p-retry';
 *
 * const inventory = pipeline('inventory', [pRetry({ maxAttempts: 3, backoff: fixed(1) })]);
 * const answer = await inventory.execute(async (ctx) => {
 *   if (ctx.attempt < 3) throw new TypeError('fetch failed');
 *   return `attempt ${ctx.attempt}`;
 * });
 * console.log(answer); // attempt 3
 * ```
 */
export function pRetry(options: PRetryOptions = {}): Policy {
  const resolved = resolveOptions<Resolved>('pRetry', options, defaults, {
    maxAttempts: wholeNumber(1, 100),
    backoff: functionOption(),
    retryAfter: objectOption(),
    allow: optional(functionOption()),
  });
  checkOption('pRetry', 'retryAfter.maxMs', resolved.retryAfter.maxMs, wholeNumber(0, MAX_TIMER_MS));
  return { name: 'p-retry', kind: 'retry', options: resolved, bind: (host) => new PRetry(host, resolved) };
}
