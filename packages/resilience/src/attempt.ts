import type { Classify, Judgement } from './classify.ts';
import type { AbortWatcher, Context } from './context.ts';
import type { ResilienceError } from './errors.ts';
import type { AttemptInfo, EventStream } from './events.ts';
import type { Outcome, RawOutcome } from './outcome.ts';
import type { Done } from './policy.ts';

/*
 * The innermost stage. It alone calls the user's function, and it alone turns what happened into an outcome:
 *
 *   function settles ──┐
 *                      ├─ first one wins ─▶ classify ─▶ record, event ─▶ outcome
 *   context aborted ───┘
 *
 * So a timeout, a deadline and a caller who leaves all unwind through every policy in the ordinary way, even when the
 * function never settles; what comes late is dropped.
 */

/** The settled outcome with how it was judged. The caller's abort is never put to the classifier. */
function judge(ctx: Context, raw: RawOutcome, classify: Classify): Judgement {
  if (ctx.aborted?.code === 'ABORTED') return { kind: 'ignored' };
  const judged = classify(raw, ctx.call.clock);
  return typeof judged === 'string' ? { kind: judged } : judged;
}

function settle(ctx: Context, raw: RawOutcome, { kind, retryAfterMs, discard }: Judgement): Outcome<unknown> {
  const { attempts } = ctx.call;
  if (raw.ok) return { ok: true, value: raw.value, kind, attempts, retryAfterMs, discard };
  return { ok: false, error: raw.error, kind, attempts, retryAfterMs };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' || typeof value === 'function'
    ? typeof (value as PromiseLike<unknown> | null)?.then === 'function'
    : false;
}

/** One run of the function. */
class Attempt implements AbortWatcher {
  readonly #ctx: Context;
  readonly #classify: Classify;
  readonly #events: EventStream;
  readonly #done: Done;
  readonly #startedAt: number;
  #info: AttemptInfo | undefined;
  #settled = false;

  constructor(ctx: Context, classify: Classify, events: EventStream, done: Done) {
    this.#ctx = ctx;
    this.#classify = classify;
    this.#events = events;
    this.#done = done;
    this.#startedAt = ctx.now;
  }

  start(): void {
    const ctx = this.#ctx;
    ctx.watch(this);
    let returned: unknown;
    try {
      returned = this.#events.active ? this.#events.around(this.#describe(), () => ctx.call.run(ctx)) : ctx.call.run(ctx);
      if (isThenable(returned)) {
        const promise = returned instanceof Promise ? returned : Promise.resolve(returned);
        promise.then(
          (value: unknown) => this.#finish({ ok: true, value }),
          (error: unknown) => this.#finish({ ok: false, error }),
        );
        return;
      }
    } catch (error) {
      this.#finish({ ok: false, error });
      return;
    }
    this.#finish({ ok: true, value: returned });
  }

  abort(reason: ResilienceError): void {
    this.#finish({ ok: false, error: reason });
  }

  #describe(): AttemptInfo {
    const { attempt, pipeline, key } = this.#ctx;
    return (this.#info ??= { pipeline, attempt, kind: attempt === 1 ? 'first' : 'retry', key });
  }

  #finish(raw: RawOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const ctx = this.#ctx;
    ctx.unwatch(this);
    let result = raw;
    let judgement: Judgement;
    try {
      judgement = judge(ctx, raw, this.#classify);
    } catch (error) {
      result = { ok: false, error };
      judgement = { kind: 'ignored' };
    }
    const durationMs = ctx.refresh() - this.#startedAt;
    const error = result.ok ? undefined : result.error;
    const { attempt, pipeline, call } = ctx;
    const { kind } = judgement;
    call.attempts.push({ attempt, kind, error, durationMs });
    if (this.#events.active) this.#events.emit({ type: 'attempt', pipeline, info: this.#describe(), kind, durationMs, error });
    this.#done(settle(ctx, result, judgement));
  }
}

/** Runs the function once. */
export function runAttempt(ctx: Context, classify: Classify, events: EventStream, done: Done): void {
  if (ctx.aborted === undefined) new Attempt(ctx, classify, events, done).start();
  else done(ctx.fail(ctx.aborted, ctx.aborted.code === 'ABORTED' ? 'ignored' : 'rejected'));
}
