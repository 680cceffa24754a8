import { type Clock, CRITICALITIES, type Done, type LimiterSnapshot, type PolicyContext, type Step } from '@nines/resilience';
import { type ShedFrom, sheds } from '../shedding.ts';

/*
 * The places of a limit, and the queue before them.
 *
 *   call ─┬─ its criticality has room ────────────────────────────▶ begins
 *         ├─ the queue has room ──────────▶ waits behind its equals ▶ begins when those that matter more have begun
 *         ├─ one waits that matters less ─▶ takes its place, the other is refused: `evicted`
 *         └─ refused: `full`, or `share` when only those that matter more still have room
 */

/** What bounds the queue and shares the limit. */
export interface PlacesOptions {
  /** Most calls that wait. */
  readonly maxQueue: number;
  /** Longest wait. Milliseconds. */
  readonly maxWaitMs: number;
  readonly shedFrom: ShedFrom;
}

/** A call that waits. */
interface Waiter {
  readonly enter: () => void;
  readonly evict: () => void;
}

/** Runs a call that has a place; must call `free` once, when the place may be given to another. */
export type Begin = (ctx: PolicyContext, next: Step, done: Done, free: () => void) => void;

/** Calls that run and wait under one limit, by criticality. */
export class Places {
  readonly #policy: string;
  #options: PlacesOptions;
  readonly #clock: Clock;
  readonly #limit: () => number;
  readonly #begin: Begin;
  /** One line for each criticality, most important first; each in the order in which they came. */
  readonly #lines: readonly Set<Waiter>[] = CRITICALITIES.map(() => new Set());
  readonly #free = (): void => {
    this.#inFlight -= 1;
    this.fill();
  };
  #inFlight = 0;
  #queued = 0;
  #filling = false;

  constructor(policy: string, options: PlacesOptions, clock: Clock, limit: () => number, begin: Begin) {
    this.#policy = policy;
    this.#options = options;
    this.#clock = clock;
    this.#limit = limit;
    this.#begin = begin;
  }

  /** Calls that run. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The state of now. */
  snapshot(): LimiterSnapshot {
    return { limit: this.#limit(), inFlight: this.#inFlight, queued: this.#queued };
  }

  /** Takes a call in, lets it wait or refuses it. */
  enter(ctx: PolicyContext, next: Step, done: Done): void {
    const rank = CRITICALITIES.indexOf(ctx.criticality);
    // Room is filled at once, so where there is some nobody waits who matters as much.
    if (this.#hasRoom(rank)) this.#start(ctx, next, done);
    else if (this.#queued < this.#options.maxQueue || this.#evict(rank)) this.#wait(rank, ctx, next, done);
    else this.#refuse(ctx, done);
  }

  /** Goes on under other options; who waits keeps waiting, for as long as was said then. */
  reconfigure(options: PlacesOptions): void {
    this.#options = options;
    this.fill();
  }

  /** Gives free places to those that wait. To be called when the limit has grown; a loop, so that no queue is too long for the stack. */
  fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    try {
      for (let next = this.#head(); next !== undefined; next = this.#head()) next.enter();
    } finally {
      this.#filling = false;
    }
  }

  #hasRoom(rank: number): boolean {
    return !sheds(this.#options.shedFrom, CRITICALITIES[rank]!, this.#inFlight / this.#limit());
  }

  /** Who comes next, if there is room: those that matter less have no more room than those that matter more. */
  #head(): Waiter | undefined {
    if (this.#queued === 0) return undefined;
    const rank = this.#lines.findIndex((line) => line.size > 0);
    if (!this.#hasRoom(rank)) return undefined;
    for (const waiter of this.#lines[rank]!) return waiter;
    return undefined;
  }

  /** Refuses the one that has waited longest of those that matter least; false when none matters less. */
  #evict(rank: number): boolean {
    for (let at = CRITICALITIES.length - 1; at > rank; at--) {
      for (const waiter of this.#lines[at]!) {
        waiter.evict();
        return true;
      }
    }
    return false;
  }

  #start(ctx: PolicyContext, next: Step, done: Done): void {
    this.#inFlight += 1;
    this.#begin(ctx, next, done, this.#free);
  }

  #wait(rank: number, ctx: PolicyContext, next: Step, done: Done): void {
    const { maxWaitMs } = this.#options;
    const line = this.#lines[rank]!;
    const { promise, resolve: admitted } = Promise.withResolvers<void>();
    // A promise keeps the async context, so the trace, of this call: it is let in from within the one that left.
    void promise.then(() => this.#begin(ctx, next, done, this.#free));
    const leave = (): void => {
      line.delete(waiter);
      this.#queued -= 1;
      cancel();
      off();
      ctx.refresh();
    };
    const lose = (reason: 'waited' | 'evicted', why: string): void => {
      leave();
      done(ctx.refuse(this.#policy, 'LIMIT_EXCEEDED', reason, why));
    };
    const waiter: Waiter = {
      enter: () => {
        leave();
        this.#inFlight += 1;
        admitted();
      },
      evict: () => lose('evicted', 'a call that matters more took its place in the queue'),
    };
    line.add(waiter);
    this.#queued += 1;
    const cancel = this.#clock.schedule(() => lose('waited', `no place became free within ${maxWaitMs} ms`), maxWaitMs, false, ctx.now);
    const off = ctx.onAbort(() => {
      leave();
      done(ctx.failAborted('rejected'));
    });
  }

  #refuse(ctx: PolicyContext, done: Done): void {
    const full = this.#inFlight >= this.#limit();
    const why = full
      ? `${this.#inFlight} calls run and ${this.#queued} wait`
      : `${this.#inFlight} calls run, which is the share of ${ctx.criticality} of a limit of ${this.#limit()}`;
    done(ctx.refuse(this.#policy, 'LIMIT_EXCEEDED', full ? 'full' : 'share', why));
  }
}
