import type { Clock } from './clock.ts';
import type { PolicyContext } from './context.ts';
import type { ResilienceError } from './errors.ts';
import type { Done, Step } from './policy.ts';

/** A step that ends after `ms` at the latest: then its context is aborted with the error that `late` builds. */
export function bound(
  clock: Clock,
  ctx: PolicyContext,
  ms: number,
  deadlineAt: number,
  late: (ctx: PolicyContext, ms: number) => ResilienceError,
  next: Step,
  done: Done,
): void {
  const inner = ctx.fork({ deadlineAt });
  const cancel = clock.schedule(() => inner.abort(late(ctx, ms)), ms, false, ctx.now);
  next(inner, (outcome) => {
    cancel();
    inner.end();
    done(outcome);
  });
}
