import {
  type BoundPolicy,
  checkOption,
  functionOption,
  MAX_TIMER_MS,
  type OptionCheck,
  optional,
  type Policy,
  type PolicyHost,
  type PolicySnapshot,
  ratio,
  resolveOptions,
  retryBudget,
  wholeNumber,
} from '@nines/resilience';
import { hedgeTimer, isQuantileDelay, type QuantileDelay } from './delay.ts';
import { type HedgeShared, NAME, Race } from './race.ts';

/** Options of {@link hedge}. */
export interface HedgeOptions {
  /** How long a run may be out before a hedge is sent: milliseconds from 0, or {@link quantile} of what was measured. */
  readonly delay: number | QuantileDelay;
  /** Most hedges of one attempt; the second is sent one more `delay` after the first. From 1 to 10. Default: 1. */
  readonly maxHedges?: number;
  /** Hedges for each run that was not one, over the last ten seconds. Above 0, up to 1. Default: 0.05. */
  readonly maxExtraLoadRatio?: number;
  /** Asked before each hedge; anything but true stops it, an exception too: a spent error budget may switch hedging off. Default: always true. */
  readonly allow?: () => boolean;
}

/** What a hedge policy tells in `snapshot()`. */
export interface HedgeSnapshot extends PolicySnapshot {
  /** When a hedge would be sent; undefined while too few calls were measured. */
  readonly delayMs: number | undefined;
  /** Hedges sent. */
  readonly sent: number;
  /** Hedges whose answer was taken. */
  readonly won: number;
  /** Runs that could not be hedged, because their call was not marked `idempotent: true`. */
  readonly notIdempotent: number;
}

type Resolved = Required<Omit<HedgeOptions, 'allow'>> & Pick<HedgeOptions, 'allow'>;

const defaults: Readonly<Partial<Resolved>> = Object.freeze({ maxHedges: 1, maxExtraLoadRatio: 0.05 });

function bindHedge(options: Resolved, host: PolicyHost): BoundPolicy {
  const budget = retryBudget({ ratio: options.maxExtraLoadRatio, minPerSecond: 0 });
  const count = { sent: 0, won: 0, notIdempotent: 0 };
  const shared: { -readonly [Key in keyof HedgeShared]: HedgeShared[Key] } = {
    options,
    host,
    budget,
    timer: hedgeTimer(options.delay),
    count,
  };
  return {
    step(ctx, next, done) {
      budget.call(ctx.now);
      if (ctx.idempotent === true) {
        new Race(shared, ctx, next, done).start();
        return;
      }
      shared.count.notIdempotent += 1;
      next(ctx, done);
    },
    snapshot: (): HedgeSnapshot => ({ delayMs: shared.timer.delayMs, ...shared.count }),
    reconfigure(policy) {
      const next = policy.options as Resolved;
      // What a quantile measured is kept while it measures the same.
      if (JSON.stringify(next.delay) !== JSON.stringify((shared.options as Resolved).delay)) shared.timer = hedgeTimer(next.delay);
      shared.options = next;
    },
  };
}

const delayOption: OptionCheck = (value) =>
  isQuantileDelay(value) || (typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS)
    ? undefined
    : `a number from 0 to ${MAX_TIMER_MS} or quantile(…)`;

/**
 * Sends a call a second time when its answer is late, and takes the answer that comes first. It stands between retry and
 * breaker: each hedge asks the breaker and has its own timeout and its own `ctx.signal`; `ctx.attempt` is that of the attempt
 * it stands beside, `ctx.hedge` is 0 for the first run and 1, 2, … for hedges.
 *
 * - Only calls made with `execute(fn, { idempotent: true })` are hedged: work that may not run twice never does. `snapshot()` counts the others.
 * - `success`, `failure` and `ignored` end the race. After a `transient` run the others go on; when all have failed the
 *   outcome that says most is handed out (`throttled` before `transient` before `rejected`), for a retry outside to look at.
 *   A hedge is never sent in the place of a run that failed: that is what `retry` is for.
 * - The losers are aborted: their `ctx.signal` fires with code `ABORTED`, and they are `ignored`, so a breaker counts them neither way.
 * - `throttled`, which is what a server's pushback gives, ends the hedging of its call at once.
 * - The extra load is bounded: each run pays `maxExtraLoadRatio`, each hedge takes 1, and what is ten seconds old is forgotten.
 *   So hedges are at most that share of the runs, also when the whole dependency is slow. A hedge that finds the budget empty
 *   is told as a rejection with reason `budget` and asks again one `delay` later: what is in the budget goes to the latest runs.
 *
 * A bulkhead or limit outside counts a call once, with all its hedges.
 *
 * Source: J. Dean, L. A. Barroso, "The Tail at Scale", CACM 56(2), 2013, "Hedged requests"; pushback and fatal answers as in
 * gRPC proposal A6, but a throttled run ends the hedging of its call, where A6 would hedge after the wait asked for.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { hedge } from '@nines/resilience/hedge';
 *
 * const inventory = pipeline('inventory', [hedge({ delay: 20, maxExtraLoadRatio: 1 })]);
 * const answer = await inventory.execute(
 *   (ctx) => (ctx.hedge === 0 ? new Promise(() => {}) : Promise.resolve(`hedge ${ctx.hedge}`)), // the first run hangs
 *   { idempotent: true },
 * );
 * console.log(answer); // hedge 1
 * ```
 */
export function hedge(options: HedgeOptions): Policy {
  checkOption(NAME, 'delay', options?.delay, delayOption);
  const resolved = resolveOptions<Resolved>(NAME, options, defaults, {
    delay: delayOption,
    maxHedges: wholeNumber(1, 10),
    maxExtraLoadRatio: ratio(),
    allow: optional(functionOption()),
  });
  return { name: NAME, kind: 'hedge', options: resolved, fixed: ['maxExtraLoadRatio'], bind: (host) => bindHedge(resolved, host) };
}
