import type { Classify, Judgement } from './classify.ts';
import type { Context } from './context.ts';
import type { AttemptInfo, EventStream } from './events.ts';
import type { Outcome, RawOutcome } from './outcome.ts';

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

/** Runs the function once. */
export function runAttempt(ctx: Context, classify: Classify, events: EventStream): Promise<Outcome<unknown>> {
  if (ctx.aborted !== undefined) return Promise.resolve(ctx.fail(ctx.aborted, ctx.aborted.code === 'ABORTED' ? 'ignored' : 'rejected'));
  const { call, attempt } = ctx;
  const { pipeline, key, clock } = call;
  const startedAt = clock.now();
  const info: AttemptInfo = { pipeline, attempt, kind: attempt === 1 ? 'first' : 'retry', key };
  return new Promise((resolve) => {
    let settled = false;
    const finish = (raw: RawOutcome): void => {
      if (settled) return;
      settled = true;
      off();
      let result = raw;
      let judgement: Judgement;
      try {
        judgement = judge(ctx, raw, classify);
      } catch (error) {
        result = { ok: false, error };
        judgement = { kind: 'ignored' };
      }
      const durationMs = clock.now() - startedAt;
      const error = result.ok ? undefined : result.error;
      call.attempts.push({ attempt, kind: judgement.kind, error, durationMs });
      if (events.active) events.emit({ type: 'attempt', pipeline, info, kind: judgement.kind, durationMs, error });
      resolve(settle(ctx, result, judgement));
    };
    const off = ctx.onAbort((reason) => finish({ ok: false, error: reason }));
    const fail = (error: unknown): void => finish({ ok: false, error });
    try {
      const returned = events.active ? events.around(info, () => call.run(ctx)) : call.run(ctx);
      Promise.resolve(returned).then((value) => finish({ ok: true, value }), fail);
    } catch (error) {
      fail(error);
    }
  });
}
