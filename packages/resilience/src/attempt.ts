import type { Classify, Judgement } from './classify.ts';
import type { CallState, Context } from './context.ts';
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

/** Runs the function once. */
export function runAttempt(ctx: Context, classify: Classify, events: EventStream, done: Done): void {
  if (ctx.aborted !== undefined) {
    done(ctx.failAborted('rejected'));
    return;
  }
  const { call, attempt, hedge, now: startedAt } = ctx;
  const { pipeline, key } = call;
  let known: AttemptInfo | undefined;
  let settled = false;
  let ended = false;
  const info = (): AttemptInfo => (known ??= { pipeline, attempt, kind: hedge > 0 ? 'hedge' : attempt > 1 ? 'retry' : 'first', key });

  const finish = (raw: RawOutcome): void => {
    if (settled) return;
    settled = true;
    ctx.unwatch(watcher);
    let result = raw;
    let judgement: Judgement;
    try {
      judgement = judge(ctx, raw, classify);
    } catch (error) {
      result = { ok: false, error };
      judgement = { kind: 'ignored' };
    }
    const { kind } = judgement;
    const durationMs = ctx.refresh() - startedAt;
    const error = result.ok ? undefined : result.error;
    // A list of one is small, while the first push to an empty one makes room for sixteen.
    call.attempts = [...call.attempts, { attempt, hedge, kind, error, durationMs }];
    if (events.active) events.emit({ type: 'attempt', pipeline, info: info(), kind, durationMs, error });
    done(settle(ctx, result, judgement));
  };
  const end = (raw: RawOutcome): void => {
    if (ended) return;
    ended = true;
    leave(call);
    finish(raw);
  };
  const fail = (error: unknown): void => end({ ok: false, error });
  const watcher = { abort: (error: unknown): void => finish({ ok: false, error }) };

  ctx.watch(watcher);
  call.running += 1;
  let value: unknown;
  try {
    value = events.active ? events.around(info(), () => call.run(ctx)) : call.run(ctx);
    if (isThenable(value)) {
      const promise = value instanceof Promise ? value : Promise.resolve(value);
      promise.then((settledTo: unknown) => end({ ok: true, value: settledTo }), fail);
      return;
    }
  } catch (error) {
    fail(error);
    return;
  }
  end({ ok: true, value });
}
