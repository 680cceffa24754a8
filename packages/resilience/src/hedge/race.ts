import {
  type Done,
  type Fork,
  type Outcome,
  type OutcomeKind,
  type PolicyContext,
  type PolicyHost,
  ResilienceError,
  type RetryBudget,
  type Step,
} from '@nines/resilience';
import { discard } from '../outcome.ts';
import type { HedgeTimer } from './delay.ts';

/** Name of the policy. */
export const NAME = 'hedge';
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

/** What the calls of one pipeline share. */
export interface HedgeShared {
  readonly options: { readonly maxHedges: number; readonly allow?: (() => boolean) | undefined };
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
export class Race {
  readonly #shared: HedgeShared;
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

  constructor(shared: HedgeShared, ctx: PolicyContext, next: Step, done: Done) {
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
    // A promise keeps the async context, so the trace, of this call: its timer is shared and runs in that of another one.
    const { promise, resolve: due } = Promise.withResolvers<void>();
    const cancel = host.clock.schedule(due, Math.max(delayMs, atLeastMs), false, now);
    this.#cancel = cancel;
    void promise.then(() => (this.#cancel === cancel ? this.#hedge() : undefined));
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
      if (number === 0) this.#shared.timer.record(outcome.kind, this.#ctx.now - this.#startedAt);
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
