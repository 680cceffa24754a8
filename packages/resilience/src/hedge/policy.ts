import {
  type BoundPolicy,
  checkOption,
  type Done,
  type Fork,
  functionOption,
  MAX_TIMER_MS,
  type OptionCheck,
  optional,
  type Outcome,
  type OutcomeKind,
  type Policy,
  type PolicyContext,
  type PolicyHost,
  type PolicySnapshot,
  ratio,
  ResilienceError,
  resolveOptions,
  type RetryBudget,
  retryBudget,
  type Step,
  wholeNumber,
} from '@nines/resilience';
import { discard } from '../outcome.ts';
import { type HedgeTimer, hedgeTimer, isQuantileDelay, type QuantileDelay } from './delay.ts';

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

const NAME = 'hedge';
const NONE: readonly Fork[] = Object.freeze([]);

/** How long a hedge that found the budget empty waits at least before it asks again. */
const SHORTEST_WAIT_MS = 10;

/** True only when the function says so: a gate that breaks stays shut. */
function allows(gate: (() => boolean) | undefined): boolean {
  try {
    return gate === undefined || (gate as () => unknown)() === true;
  } catch {
    return false;
  }
}

/** Which of two ends that are not final says more to what stands outside, such as a wait that the dependency asked for. */
const SAYS: Readonly<Partial<Record<OutcomeKind, number>>> = { rejected: 0, transient: 1, throttled: 2 };

/** What the policies of one pipeline share. */
interface Shared {
  readonly options: Resolved;
  readonly host: PolicyHost;
  readonly budget: RetryBudget;
  readonly timer: HedgeTimer;
  readonly count: { sent: number; won: number; notIdempotent: number };
}

/**
 * The runs of one attempt.
 *
 *   first run ───┬──────────────┬─▶ its outcome ─┐
 *                └ delay ─▶ hedge ─▶ its outcome ─┤
 *                                                 ├─ final, or the last that is out ─▶ the others are aborted ─▶ done
 */
class Race {
  readonly #shared: Shared;
  readonly #ctx: PolicyContext;
  readonly #next: Step;
  readonly #done: Done;
  readonly #startedAt: number;
  /** Runs that are out: mostly one, so a list. */
  #out: readonly Fork[] = NONE;
  #sent = 0;
  #over = false;
  /** The budget was empty once. */
  #short = false;
  #cancel: (() => void) | undefined;
  #best: Outcome<unknown> | undefined;

  constructor(shared: Shared, ctx: PolicyContext, next: Step, done: Done) {
    this.#shared = shared;
    this.#ctx = ctx;
    this.#next = next;
    this.#done = done;
    this.#startedAt = ctx.now;
  }

  start(): void {
    // The timer first: a function that answers at once calls it off.
    this.#plan(this.#ctx.now);
    this.#run(0);
  }

  #plan(now: number, atLeastMs = 0): void {
    const { options, host, timer } = this.#shared;
    const { delayMs } = timer;
    if (delayMs === undefined || this.#sent >= options.maxHedges) return;
    this.#cancel = host.clock.schedule(() => this.#hedge(), Math.max(delayMs, atLeastMs), false, now);
  }

  #hedge(): void {
    const { options, host, budget, count } = this.#shared;
    const { pipeline, emit } = host;
    const now = this.#ctx.refresh();
    this.#cancel = undefined;
    if (!allows(options.allow)) return;
    if (!budget.take(now)) {
      if (!this.#short) emit({ type: 'rejection', pipeline, policy: NAME, reason: 'budget', key: this.#ctx.key, retryAfterMs: undefined });
      this.#short = true;
      this.#plan(now, SHORTEST_WAIT_MS);
      return;
    }
    this.#sent += 1;
    count.sent += 1;
    this.#plan(now);
    this.#run(this.#sent);
  }

  #run(number: number): void {
    const fork = this.#ctx.fork({ hedge: number });
    this.#out = this.#out.length === 0 ? [fork] : [...this.#out, fork];
    this.#next(fork, (outcome) => {
      fork.end();
      this.#out = this.#out.length === 1 ? NONE : this.#out.filter((one) => one !== fork);
      if (number === 0) this.#shared.timer.record(outcome.kind, this.#ctx.now - this.#startedAt, this.#over);
      if (this.#over) discard(outcome);
      else this.#settle(outcome, number);
    });
  }

  #settle(outcome: Outcome<unknown>, number: number): void {
    const { kind } = outcome;
    // The dependency asks for less: what is out may end, but nothing more is sent.
    if (kind === 'throttled') this.#stop();
    if (kind === 'success' || kind === 'failure' || kind === 'ignored' || this.#ctx.aborted !== undefined) {
      if (kind === 'success' && number > 0) this.#shared.count.won += 1;
      this.#end(outcome, this.#best);
      return;
    }
    const before = this.#best;
    const [better, worse] = before !== undefined && (SAYS[before.kind] ?? 0) > (SAYS[kind] ?? 0) ? [before, outcome] : [outcome, before];
    this.#best = better;
    if (this.#out.length === 0) this.#end(better, worse);
    else if (worse !== undefined) discard(worse);
  }

  /** Calls off the next hedge. */
  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #end(outcome: Outcome<unknown>, other: Outcome<unknown> | undefined): void {
    this.#over = true;
    this.#stop();
    if (other !== undefined) discard(other);
    if (this.#out.length > 0) {
      const { pipeline, aborted } = this.#ctx;
      const why = `${pipeline}: another run of this attempt answered first`;
      const reason = aborted ?? new ResilienceError('ABORTED', why, { policy: NAME, pipeline });
      for (const fork of this.#out) fork.abort(reason);
    }
    this.#done(withAttempts(outcome, this.#ctx));
  }
}

/** The outcome with the runs that ended after it was made. Its error may be built late, so it is not read here. */
function withAttempts(outcome: Outcome<unknown>, { attempts }: PolicyContext): Outcome<unknown> {
  if (outcome.attempts.length === attempts.length) return outcome;
  if (outcome.ok) return { ...outcome, attempts };
  const { kind, retryAfterMs } = outcome;
  return {
    ok: false,
    kind,
    attempts,
    retryAfterMs,
    get error() {
      return outcome.error;
    },
  };
}

function bindHedge(options: Resolved, host: PolicyHost): BoundPolicy {
  const budget = retryBudget({ ratio: options.maxExtraLoadRatio, minPerSecond: 0 });
  const shared: Shared = { options, host, budget, timer: hedgeTimer(options.delay), count: { sent: 0, won: 0, notIdempotent: 0 } };
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
  return { name: NAME, kind: 'hedge', options: resolved, bind: (host) => bindHedge(resolved, host) };
}
