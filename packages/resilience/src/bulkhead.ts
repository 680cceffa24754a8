import type { PolicyContext } from './context.ts';
import type { PolicySnapshot } from './events.ts';
import { MAX_TIMER_MS, resolveOptions, wholeNumber } from './options.ts';
import type { BoundPolicy, Done, Policy, PolicyHost, Step } from './policy.ts';

/** Options of {@link bulkhead}. */
export interface BulkheadOptions {
  /** Most calls that run at once. From 1. */
  readonly maxConcurrent: number;
  /** Most calls that wait for a place; further ones are refused at once. From 0. Default: 0. */
  readonly maxQueue?: number;
  /** Longest wait for a place. Milliseconds, from 1. Default: 1 000. */
  readonly maxWaitMs?: number;
}

const defaults: Readonly<Partial<BulkheadOptions>> = Object.freeze({ maxQueue: 0, maxWaitMs: 1_000 });

const NAME = 'bulkhead';

/** The places of one pipeline. Waiters are served in the order in which they came. */
function bindBulkhead({ maxConcurrent, maxQueue, maxWaitMs }: Readonly<Required<BulkheadOptions>>, { clock }: PolicyHost): BoundPolicy {
  const queue = new Set<() => void>();
  let inFlight = 0;
  let releasing = false;

  /** A loop and no recursion: functions that answer at once would work a long queue off on one stack. */
  function release(): void {
    inFlight -= 1;
    if (releasing) return;
    releasing = true;
    for (const next of queue) {
      if (inFlight >= maxConcurrent) break;
      next();
    }
    releasing = false;
  }

  function begin(ctx: PolicyContext, next: Step, done: Done): void {
    inFlight += 1;
    next(ctx, (outcome) => {
      ctx.whenIdle(release);
      done(outcome);
    });
  }

  function wait(ctx: PolicyContext, next: Step, done: Done): void {
    const leave = (): void => {
      queue.delete(enter);
      cancel();
      off();
      ctx.refresh();
    };
    const enter = (): void => {
      leave();
      begin(ctx, next, done);
    };
    const expire = (): void => {
      leave();
      done(ctx.refuse(NAME, 'BULKHEAD_FULL', 'waited', `no place became free within ${maxWaitMs} ms`));
    };
    queue.add(enter);
    const cancel = clock.schedule(expire, maxWaitMs, false, ctx.now);
    const off = ctx.onAbort(() => {
      leave();
      done(ctx.failAborted('rejected'));
    });
  }

  return {
    step(ctx, next, done) {
      if (inFlight < maxConcurrent) begin(ctx, next, done);
      else if (queue.size < maxQueue) wait(ctx, next, done);
      else done(ctx.refuse(NAME, 'BULKHEAD_FULL', 'full', `${maxConcurrent} calls run and ${maxQueue} wait`));
    },
    snapshot: (): PolicySnapshot => ({ limiter: { limit: maxConcurrent, inFlight, queued: queue.size } }),
  };
}

/**
 * Limits how many calls run at once, with a bounded queue, so that one slow dependency cannot take everything. A call keeps
 * its place until its function has really ended, also when it was timed out before: what runs never exceeds `maxConcurrent`.
 * So pass `ctx.signal` on; a function that never settles keeps its place for ever. A call that waits and is aborted, by its
 * caller or a deadline, leaves the queue at once.
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `BULKHEAD_FULL`
 *
 * @example
 * ```ts
 * import { bulkhead, pipeline } from '@nines/resilience';
 *
 * const inventory = pipeline('inventory', [bulkhead({ maxConcurrent: 1, maxQueue: 1 })]);
 * const calls = [1, 2, 3].map((stock) => inventory.executeOutcome(async () => stock));
 * console.log((await Promise.all(calls)).map((outcome) => outcome.kind)); // [ 'success', 'success', 'rejected' ]
 * ```
 */
export function bulkhead(options: BulkheadOptions): Policy {
  const resolved = resolveOptions<Required<BulkheadOptions>>(NAME, options, defaults, {
    maxConcurrent: wholeNumber(1, 1_000_000),
    maxQueue: wholeNumber(0, 1_000_000),
    maxWaitMs: wholeNumber(1, MAX_TIMER_MS),
  });
  return { name: NAME, kind: 'bulkhead', options: resolved, bind: (host) => bindBulkhead(resolved, host) };
}
