import { CLASSIFICATIONS, type Judgement } from './classify.ts';
import type { AbortWatcher, CallState, Context } from './context.ts';
import type { AttemptInfo } from './events.ts';
import { checkOption, oneOf } from './options.ts';
import type { RawOutcome } from './outcome.ts';
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

/** How the outcome is judged. The caller's abort is never put to the classifier. */
function judge(ctx: Context, raw: RawOutcome): Judgement {
  if (ctx.aborted?.code === 'ABORTED') return { kind: 'ignored' };
  const { classify, clock } = ctx.call.host;
  const judged = classify(raw, clock);
  const judgement = typeof judged === 'string' ? { kind: judged } : judged;
  if (judgement?.kind !== 'success') checkOption(ctx.pipeline, 'classify', judgement?.kind, oneOf(CLASSIFICATIONS));
  return judgement;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** A run of the function has ended, perhaps long after its attempt. */
function leave(call: CallState): void {
  call.running -= 1;
  if (call.running > 0) return;
  const { idle } = call;
  call.idle = undefined;
  idle?.();
}

/** One run of the function: an object and not a nest of closures, because every call makes one. */
class Attempt implements AbortWatcher {
  readonly #ctx: Context;
  readonly #done: Done;
  readonly #info: AttemptInfo | undefined;
  readonly #startedAt: number;
  before: AbortWatcher | undefined;
  #settled = false;
  #ended = false;

  constructor(ctx: Context, info: AttemptInfo | undefined, done: Done) {
    this.#ctx = ctx;
    this.#info = info;
    this.#done = done;
    this.#startedAt = ctx.now;
  }

  /** The function is not waited for any longer. */
  abort(error: unknown): void {
    this.settle({ ok: false, error });
  }

  /** The function has settled; only the first time counts. */
  end(raw: RawOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    leave(this.#ctx.call);
    this.settle(raw);
  }

  settle(raw: RawOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const ctx = this.#ctx;
    ctx.unwatch(this);
    let result = raw;
    let judgement: Judgement;
    try {
      judgement = judge(ctx, raw);
    } catch (error) {
      result = { ok: false, error };
      judgement = { kind: 'ignored' };
    }
    this.#done(ctx.record(result, judgement, this.#startedAt, this.#info));
  }
}

/** Runs the function once. */
export function runAttempt(ctx: Context, done: Done): void {
  if (ctx.aborted !== undefined) {
    done(ctx.failAborted('rejected'));
    return;
  }
  const { call } = ctx;
  const { events } = call.host;
  const info = events.active ? ctx.info() : undefined;
  const attempt = new Attempt(ctx, info, done);
  ctx.watch(attempt);
  call.running += 1;
  let value: unknown;
  try {
    value = info === undefined ? call.run(ctx) : events.around(info, () => call.run(ctx));
    if (isThenable(value)) {
      const promise = value instanceof Promise ? value : Promise.resolve(value);
      promise.then(
        (settledTo: unknown) => attempt.end({ ok: true, value: settledTo }),
        (error: unknown) => attempt.end({ ok: false, error }),
      );
      return;
    }
  } catch (error) {
    attempt.end({ ok: false, error });
    return;
  }
  attempt.end({ ok: true, value });
}
