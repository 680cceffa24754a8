import type { Clock } from './clock.ts';
import type { PolicyContext } from './policy-context.ts';
import { ResilienceError } from './errors.ts';
import type { Done, Step } from './policy.ts';

/** A step that ends after `ms` at the latest: then its context is aborted. */
export function bound(
  code: 'TIMEOUT' | 'DEADLINE_EXCEEDED',
  policy: string,
  clock: Clock,
  ctx: PolicyContext,
  ms: number,
  next: Step,
  done: Done,
): void {
  const late = (): void => {
    const { pipeline, attempt, attempts } = ctx;
    const what = code === 'TIMEOUT' ? `attempt ${attempt}` : 'the call';
    const details = { policy, pipeline, attempts: [...attempts] };
    inner.abort(new ResilienceError(code, `${pipeline}: ${what} took longer than ${Math.round(ms)} ms`, details));
  };
  const inner = ctx.fork(code === 'TIMEOUT' ? undefined : { deadlineAt: ctx.now + ms });
  const cancel = clock.schedule(late, ms, false, ctx.now);
  next(inner, (outcome) => {
    cancel();
    inner.end();
    done(outcome);
  });
}
