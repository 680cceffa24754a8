import { type Policy, resolveOptions, wholeNumber } from '@nines/resilience';
import { resolveShedFrom, SHED_FROM } from '../shedding.ts';
import { Places } from './places.ts';
import { type LimitQueueOptions, queueChecks, queueDefaults } from './queue-options.ts';

/** Options of {@link loadShedding}. */
export interface LoadSheddingOptions extends LimitQueueOptions {
  /** Most calls that run at once. From 1. */
  readonly maxConcurrent: number;
}

const NAME = 'load-shedding';
const OWNER = 'loadShedding';

/**
 * A bulkhead that knows how much a call matters: each criticality has a share of the places, so that what matters less is
 * refused while there is still room for what matters more. With a queue, what matters more goes first, and a full queue lets
 * it in by putting out the call that has waited longest of those that matter least. Say it with
 * `execute(fn, { criticality: 'sheddable' })`; a call that says nothing is `critical`.
 *
 * It stands where a bulkhead stands, instead of one. A call keeps its place until its function has really ended, as in `bulkhead`.
 * The same levels, at the door of a server: `admission` of `@nines/resilience/http`.
 *
 * Source of the levels: Google SRE book, ch. 21, "Criticality".
 *
 * @throws ResilienceError `INVALID_OPTION`; a call rejects with `LIMIT_EXCEEDED`
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { loadShedding } from '@nines/resilience/limit';
 *
 * const inventory = pipeline('inventory', [loadShedding({ maxConcurrent: 2 })]);
 * const levels = ['sheddable', 'sheddable', 'critical', 'critical'] as const;
 * const calls = levels.map((criticality) => inventory.executeOutcome(async () => 42, { criticality }));
 * // One of two places is half of them, from where nothing sheddable is taken in; two of two are all.
 * console.log((await Promise.all(calls)).map(({ kind }) => kind)); // [ 'success', 'rejected', 'success', 'rejected' ]
 * ```
 */
export function loadShedding(options: LoadSheddingOptions): Policy {
  const given = resolveOptions<Required<LoadSheddingOptions>>(
    OWNER,
    options,
    { ...queueDefaults, shedFrom: SHED_FROM },
    { maxConcurrent: wholeNumber(1, 1_000_000), ...queueChecks },
  );
  const resolved = Object.freeze({ ...given, shedFrom: resolveShedFrom(OWNER, given.shedFrom) });
  return {
    name: NAME,
    kind: 'bulkhead',
    options: resolved,
    bind({ clock }) {
      let { maxConcurrent } = resolved;
      const places = new Places(
        NAME,
        resolved,
        clock,
        () => maxConcurrent,
        (ctx, next, done, free) =>
          next(ctx, (outcome) => {
            ctx.whenIdle(free);
            done(outcome);
          }),
      );
      return {
        step: (ctx, next, done) => places.enter(ctx, next, done),
        snapshot: () => ({ limiter: places.snapshot() }),
        reconfigure(policy) {
          const next = policy.options as typeof resolved;
          ({ maxConcurrent } = next);
          places.reconfigure(next);
        },
      };
    },
  };
}
