import { createAttempts, type Attempt, type Attempts } from './attempts.ts';
import { ClaimedJobs } from './claimed-jobs.ts';
import { emitSettled, type ConsumerEvents } from './consumer-events.ts';
import type { Emitter } from './emitter.ts';
import { asQueueError, type QueueError } from './errors.ts';
import { createDrainWatch, type DrainWatch } from './drain-watch.ts';
import { giveBackAll, giveUpAll, giveUpCancelled, giveUpLost, type Held } from './give-up.ts';
import { createHolder, type Holder } from './holder.ts';
import { countAttempt, type QueueMetrics } from './metrics.ts';
import { reportCommits } from './follow-ups.ts';
import { createLeaseWatch, type LeaseWatch } from './lease-watch.ts';
import { Outbox } from './outbox.ts';
import { createPrefetch, type Prefetch } from './prefetch.ts';
import { ProgressBoard } from './progress.ts';
import { createRepeatPace, type RepeatPace } from './repeat-pace.ts';
import type { Ran } from './runner.ts';
import { settlementOf } from './settlement.ts';
import { createTurnBudget, type TurnBudget } from './turn-budget.ts';
import { createSleep, type Sleep } from './sleep.ts';
import type { ClaimedJob, ExchangeReply, Settlement, Store } from './store.ts';
import { createWork, type Work, type WorkOptions } from './work.ts';

export interface ClaimLoopOptions<Payload> extends Omit<WorkOptions<Payload>, 'onProgress' | 'onStarted' | 'store'> {
  readonly store: Store;
  readonly metrics: QueueMetrics | undefined;
  readonly onError: (error: QueueError) => void;
  readonly events: Emitter<ConsumerEvents>;
}

/** A job that was claimed this long ago and has not started is handed back, so that a slow handler does not keep it from others. */
const CLAIMED_MS_MAX = 1000;
const TICK_MS_MAX = 1000;
/** After the deadline of a stop: how long the last settlement may take. */
const FAREWELL_MS = 2000;

/**
 * The loop of a consumer: claim → run → settle, one exchange with the store at a time.
 *
 * Whatever happens (a job ends, a wake-up, a timer) only asks for the next step; steps run at the end of a turn of the
 * event loop, so that everything that ended in the turn is settled by one call that also claims the next jobs.
 */
export class ClaimLoop<Payload> {
  readonly #options: ClaimLoopOptions<Payload>;
  readonly #attempts: Attempts;
  readonly #holder: Holder;
  readonly #prefetch: Prefetch;
  readonly #work: Work;
  readonly #claimed: ClaimedJobs = new ClaimedJobs();
  readonly #outbox = new Outbox();
  readonly #held: Held;
  readonly #progress = new ProgressBoard();
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #scheduled = false;
  #inFlight = false;
  /** False once a claim came back short; true again when a wake-up or a due time says that there may be more. */
  #hungry = true;
  #wokenInFlight = false;
  /** What is held here and what the store says is held may differ: that must be found out before anything else is sent. */
  #inDoubt = false;
  #troubled = false;
  #renewedAt = 0;
  #lastBegun = '';
  readonly #budget: TurnBudget;
  readonly #tickMs: number;
  readonly #leaseWatch: LeaseWatch;
  /** Time spent in the synchronous part of handlers. */
  #busyMs = 0;
  #renew = false;
  readonly #sleep: Sleep;
  readonly #pace: RepeatPace;
  readonly #drain: DrainWatch;

  constructor(options: ClaimLoopOptions<Payload>) {
    const { queue, store, clock, concurrency, metrics } = options;
    this.#options = options;
    this.#tickMs = Math.min(queue.options.leaseMs / 4, TICK_MS_MAX);
    this.#attempts = createAttempts(queue.options.attemptTimeoutMs, clock);
    this.#held = { attempts: this.#attempts, claimed: this.#claimed, outbox: this.#outbox };
    this.#holder = createHolder(store, clock);
    this.#sleep = createSleep(store, clock, this.wake);
    this.#pace = createRepeatPace(queue.options);
    this.#drain = createDrainWatch(clock, () => this.#heldCount() === 0 && !this.#inFlight);
    this.#budget = createTurnBudget(clock, () => this.#fill());
    this.#leaseWatch = createLeaseWatch({ ...options, everyMs: this.#tickMs });
    this.#prefetch = createPrefetch(concurrency, queue.options);
    const onStarted = (waitedMs: number) => metrics?.waited(queue.name, waitedMs / 1000);
    this.#work = createWork({ ...options, onStarted, onProgress: (id, json) => this.#progress.set(id, json) }, this.wake);
  }

  start(): void {
    this.#state = 'running';
    this.#tick();
    this.#schedule();
  }

  /** Something may have become claimable, or the connection is back. */
  readonly wake = (): void => {
    this.#hungry = true;
    this.#wokenInFlight = true;
    this.#troubled = false;
    this.#schedule();
  };

  /** Jobs that are held may have been cancelled: the next exchange tells which. */
  readonly lookForCancelled = (): void => {
    if (this.#heldCount() === 0) return;
    this.#renew = true;
    this.#schedule();
  };

  /** The connection was lost: what the store comes back with may be older than what it answered. */
  readonly doubt = (): void => {
    this.#inDoubt = true;
  };

  async stop(timeoutMs: number): Promise<{ drained: boolean; returned: number }> {
    this.#state = 'stopping';
    this.#sleep.cancel();
    this.#work.hurry();
    let returned = this.#handBack(Number.POSITIVE_INFINITY);
    this.#schedule();
    const drained = await this.#drain.within(timeoutMs);
    if (!drained) {
      returned += giveBackAll(this.#held, timeoutMs);
      this.#schedule();
      await this.#drain.within(FAREWELL_MS);
    }
    this.#state = 'stopped';
    return { drained, returned };
  }

  #heldCount(): number {
    return this.#attempts.size + this.#claimed.size + this.#outbox.size;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight || this.#troubled || this.#state === 'new' || this.#state === 'stopped') return;
    this.#scheduled = true;
    this.#options.clock.endOfTurn(() => {
      this.#scheduled = false;
      void this.#step();
    });
  }

  async #step(): Promise<void> {
    if (this.#inFlight || this.#state === 'stopped') return;
    const want = this.#want();
    if (!this.#inDoubt && want === 0 && this.#outbox.size === 0 && !this.#renew) return this.#drain.look();
    this.#inFlight = true;
    this.#wokenInFlight = false;
    const sent = this.#outbox.send();
    try {
      if (this.#inDoubt) await this.#reconcile(sent);
      else await this.#exchange(sent, want);
    } catch (error) {
      this.#suffer(error);
    }
    this.#inFlight = false;
    this.#outbox.answered();
    // The next exchange leaves before these jobs run, so that Redis works while they do.
    if (!this.#troubled && this.#outbox.size + this.#want() > 0) void this.#step();
    this.#fill();
    this.#drain.look();
    this.#schedule();
  }

  #want(ahead = this.#work.prefetches ? this.#prefetch.target() : 0): number {
    if (this.#state !== 'running' || !this.#hungry) return 0;
    const room = this.#work.room(this.#attempts.size) + ahead - this.#claimed.size;
    return Math.max(0, Math.min(room, this.#prefetch.claimMax()));
  }

  async #exchange(sent: readonly Settlement[], want: number): Promise<void> {
    const { clock } = this.#options;
    const start = clock.now();
    const busy = this.#busyMs;
    const slots = this.#want(0);
    const wantSuspect = this.#attempts.suspects === 0 && !this.#claimed.hasSuspect;
    const reply = await this.#holder.exchange({ settlements: sent, progress: this.#progress.send(), want, slots, wantSuspect });
    this.#renewedAt = clock.now();
    this.#pace.answered();
    this.#renew = false;
    // What our own handlers took meanwhile was no waiting for Redis.
    this.#prefetch.observeExchange(Math.max(0, this.#renewedAt - start - (this.#busyMs - busy)), reply.slotsOnly);
    if (reply.refusedIds !== undefined) reportCommits(sent, reply, (this.#renewedAt - start) / 1000, this.#options);
    if (this.#options.events.listening && reply.holder !== 'expired') emitSettled(this.#options.events, sent, reply);
    this.#accept(reply, reply.slotsOnly === true ? slots : want);
  }

  #accept(reply: ExchangeReply, want: number): void {
    const { metrics, queue } = this.#options;
    if (reply.poisoned > 0) metrics?.deadLettered(queue.name, 'poison', reply.poisoned);
    if (reply.holder === 'expired') return this.#loseAll();
    if (reply.lostIds.length > 0) metrics?.leasesLost(queue.name, reply.lostIds.length);
    // Only a store that forgot what it answered refuses a holder that lives, or has it hold something when it has nothing.
    this.#inDoubt ||= reply.lostIds.length > 0 || (reply.holder === 'holding' && this.#heldCount() + reply.jobs.length === 0);
    if (want > 0 && reply.jobs.length < want) {
      this.#hungry = this.#wokenInFlight;
      this.#sleep.begin(reply.nextDueMs);
    }
    if (reply.jobs.length > 0) {
      metrics?.claimed(queue.name, reply.jobs.length);
      this.#prefetch.observeClaim(reply.jobs);
      this.#claimed.add(reply.jobs, this.#renewedAt);
    }
    if (reply.cancelledIds !== undefined && reply.cancelledIds.length > 0) giveUpCancelled(this.#held, reply.cancelledIds);
  }

  /** Starts claimed jobs in free slots; a consumer that stops meanwhile hands back what a late answer brings. */
  #fill(): void {
    if (this.#state === 'stopping') {
      this.#handBack(Number.POSITIVE_INFINITY);
      return;
    }
    if (this.#claimed.size === 0 || this.#budget.spent) return;
    const { clock } = this.#options;
    const start = clock.now();
    // The slot of a slow handler waits until the settlement of what it ran has left: a kill does not stop what left.
    while (this.#work.room(this.#attempts.size) > (this.#prefetch.slow ? this.#outbox.size : 0)) {
      if (this.#budget.spend(start)) break;
      const next = this.#claimed.next();
      if (next === undefined) break;
      this.#begin(next.job, next.since);
    }
    this.#busyMs += clock.now() - start;
  }

  #begin(job: ClaimedJob, claimedAt: number): void {
    this.#lastBegun = job.id;
    const attempt = this.#attempts.start(job.id, job.suspect, claimedAt);
    const ran = this.#work.run(job, attempt);
    if (!(ran instanceof Promise)) return this.#finish(attempt, ran);
    void ran.then((late) => {
      this.#finish(attempt, late);
      return this.#fill();
    });
  }

  #finish(attempt: Attempt, { outcome, failure, span }: Ran): void {
    const { queue, metrics, clock } = this.#options;
    const ms = clock.now() - attempt.startedAt;
    this.#attempts.end(attempt);
    this.#progress.forget(attempt.id);
    // While it ran no other suspect was asked for, so nobody said whether there is one.
    if (attempt.suspect) this.#hungry = true;
    this.#prefetch.observeAttempt(ms);
    if (outcome !== undefined) this.#outbox.add(settlementOf(attempt.id, outcome, failure, span));
    countAttempt(metrics, queue.name, outcome, ms / 1000);
    this.#schedule();
  }

  #loseAll(): void {
    this.#hungry = true;
    giveUpAll(this.#held, this.#options);
  }

  /** An id that is no longer held was settled by the call whose answer was lost, or was given away; either way it is not ours. */
  async #reconcile(sent: readonly Settlement[]): Promise<void> {
    const ids = [...this.#attempts.ids(), ...this.#claimed.ids(), ...sent.map(({ id }) => id)];
    const reply = await this.#holder.reconcile(ids);
    this.#inDoubt = false;
    this.#renewedAt = this.#options.clock.now();
    if (reply.expired) {
      this.#outbox.answered();
      return this.#loseAll();
    }
    giveUpLost(this.#held, reply.lostIds, this.#options);
    this.#hungry = true;
  }

  #suffer(error: unknown): void {
    const known = asQueueError(error);
    this.#outbox.takeBack();
    this.#progress.takeBack();
    this.#inDoubt ||= known.code === 'REDIS_UNAVAILABLE';
    this.#hungry = true;
    this.#troubled = true;
    this.#options.onError(known);
    this.#options.clock.after(this.#pace.after(known), this.wake, true);
  }

  #handBack(claimedBefore: number): number {
    const back = this.#claimed.handBack(claimedBefore);
    for (const settlement of back) this.#outbox.add(settlement);
    return back.length;
  }

  /** Keeps the lease alive while handlers are slow, and hands back what has waited too long. */
  #tick(): void {
    if (this.#state === 'stopped') return;
    const { clock, queue } = this.#options;
    const now = clock.now();
    this.#leaseWatch.tick(this.#heldCount() > 0 ? this.#renewedAt : now, this.#lastBegun, this.#attempts.size);
    if (this.#progress.size > 0 || (this.#heldCount() > 0 && now - this.#renewedAt >= queue.options.leaseMs / 3)) this.#renew = true;
    this.#handBack(now - CLAIMED_MS_MAX);
    this.#schedule();
    clock.after(this.#tickMs, () => this.#tick());
  }
}
