import type { PolicyContext } from './policy-context.ts';
import type { PolicySnapshot } from './events.ts';
import { MAX_TIMER_MS, resolveOptions, wholeNumber } from './options.ts';
import type { BoundPolicy, Done, Policy, Step } from './policy.ts';

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

type Resolved = Readonly<Required<BulkheadOptions>>;

/** The places of one pipeline. Waiters are served in the order in which they came. */
function bindBulkhead(resolved: Resolved): BoundPolicy {
  let options = resolved;
  const queue = new Set<() => void>();
  let inFlight = 0;
  let releasing = false;

  /** A place that became free is taken before anything else can run. In a loop: functions that answer at once would work a long queue off on one stack. */
  function admit(): void {
    if (releasing) return;
    releasing = true;
    for (const enter of queue) {
      if (inFlight >= options.maxConcurrent) break;
      enter();
    }
    releasing = false;
  }

  function begin(ctx: PolicyContext, next: Step, done: Done): void {
    next(ctx, (outcome) => {
      ctx.whenIdle(() => {
        inFlight -= 1;
        admit();
      });
      done(outcome);
    });
  }

  function wait(ctx: PolicyContext, next: Step, done: Done): void {
    const { maxWaitMs } = options;
    const { promise, resolve: admitted } = Promise.withResolvers<void>();
    // A promise keeps the async context, so the trace, of this call: it is let in from within the one that left.
    void promise.then(() => begin(ctx, next, done));
    const enter = (): void => {
      queue.delete(enter);
      leave();
      inFlight += 1;
      admitted();
    };
    queue.add(enter);
    const leave = ctx.after(maxWaitMs, (inTime) => {
      queue.delete(enter);
      const why = `no place became free within ${maxWaitMs} ms`;
      done(inTime ? ctx.refuse(NAME, 'BULKHEAD_FULL', 'waited', why) : ctx.failAborted('rejected'));
    });
  }

  return {
    step(ctx, next, done) {
      const { maxConcurrent, maxQueue } = options;
      if (inFlight < maxConcurrent) {
        inFlight += 1;
        begin(ctx, next, done);
      } else if (queue.size < maxQueue) wait(ctx, next, done);
      else done(ctx.refuse(NAME, 'BULKHEAD_FULL', 'full', `${maxConcurrent} calls run and ${maxQueue} wait`));
    },
    snapshot: (): PolicySnapshot => ({ limiter: { limit: options.maxConcurrent, inFlight, queued: queue.size } }),
    // Who waits keeps waiting, for as long as was said then.
    reconfigure(policy) {
      options = policy.options as Resolved;
      admit();
    },
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
  return { name: NAME, kind: 'bulkhead', options: resolved, bind: () => bindBulkhead(resolved) };
}
