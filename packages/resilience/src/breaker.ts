import type { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { BreakerState } from './events.ts';
import { MAX_TIMER_MS } from './options.ts';
import type { OutcomeKind } from './outcome.ts';

/*
 * The state machine of every circuit breaker, whatever window decides when it trips.
 *
 *              admit()                        settle(ticket, …)
 *   closed ──── ticket ──▶ the call runs ──▶ recorded in the window; it trips ─▶ open
 *   open ────── refused until the open time has passed, then half_open
 *   half_open ─ `permits` tickets; enough good ones ─▶ closed; too many bad, slow or hung ─▶ open, for longer
 *   isolated ── refused until close()
 *
 * Every change of state starts a new generation, and a ticket of an older one counts for nothing: what comes late can
 * neither open nor close anything. A probe that hangs counts as failed at its timeout. Nobody waits for a probe.
 */

/** What decides when a closed breaker opens. It sees only calls that have ended and that counted. */
export interface BreakerWindow {
  /** Counts one call that ended at `now`. Returns true when the breaker must open. */
  record(now: number, ok: boolean, slow: boolean): boolean;
  /** Forgets everything. */
  reset(now: number): void;
  /** Frees what it holds; the breaker is not used again. */
  dispose?(): void;
}

/** What one breaker is made from. */
export interface BreakerSettings {
  /** How long it stays open: attempt 1 is the first time since it was closed. */
  readonly open: Backoff;
  /** Probes in the half-open state. */
  readonly permits: number;
  /** Share of the probes that must fail for it to open again, at or above. */
  readonly probeFailureRate: number;
  /** A probe that takes longer counts as failed. Milliseconds. */
  readonly probeTimeoutMs: number;
  /** A call that takes as long counts as slow. Milliseconds; Infinity for never. */
  readonly slowCallMs: number;
  /** Share of the probes that must be slow for it to open again, at or above; above 1 for never. */
  readonly slowCallRate: number;
  /** Counts and changes its state, but refuses nothing unless isolated. */
  readonly metricsOnly: boolean;
}

/** The right to make one call. */
export interface Ticket {
  readonly generation: number;
  /** Calls off the probe's timer. */
  readonly endProbe?: () => void;
}

/** Why a call was refused. */
export interface Refusal {
  readonly reason: 'open' | 'half_open' | 'isolated';
  readonly retryAfterMs?: number;
}

/** The ticket of every breaker that never changed its state; there may be many. */
const FIRST: Ticket = { generation: 0 };

/** The ticket of a call that would have been refused: it counts for nothing. */
const UNCOUNTED: Ticket = { generation: -1 };

const PROBES_OUT: Refusal = { reason: 'half_open' };
const ISOLATED: Refusal = { reason: 'isolated' };

/** What all breakers of one policy share. */
export interface BreakerOwner {
  /** Replaced when the pipeline is reconfigured. */
  settings: BreakerSettings;
  readonly clock: Clock;
  readonly random: () => number;
  changed(key: string | undefined, from: BreakerState, to: BreakerState): void;
}

/** One breaker. */
export class Breaker {
  state: BreakerState = 'closed';
  /** Set by the owner with each call, and taken away by it: what was not used for long is forgotten first. */
  used = false;
  window: BreakerWindow;
  readonly #owner: BreakerOwner;
  readonly #key: string | undefined;
  #ticket: Ticket = FIRST;
  #generation = 0;
  #openUntil = 0;
  #openMs = 0;
  /** Times opened since it was closed. */
  #opened = 0;
  #probing = 0;
  #succeeded = 0;
  #failed = 0;
  #slow = 0;

  constructor(owner: BreakerOwner, key: string | undefined, window: BreakerWindow) {
    this.#owner = owner;
    this.#key = key;
    this.window = window;
  }

  /** A ticket when the call may run. */
  admit(now: number): Ticket | Refusal {
    if (this.state === 'closed') return this.#ticket;
    if (this.state === 'isolated') return ISOLATED;
    const refusal = this.#knock(now);
    if (refusal === undefined) return this.#probe(now);
    return this.#owner.settings.metricsOnly ? UNCOUNTED : refusal;
  }

  /** Counts what a ticket led to. */
  settle(ticket: Ticket, kind: OutcomeKind, durationMs: number, now: number): void {
    ticket.endProbe?.();
    if (ticket.generation !== this.#generation) return;
    if (this.state === 'half_open') this.#probing -= 1;
    if (kind !== 'success' && kind !== 'failure' && kind !== 'transient') return;
    const slow = durationMs >= this.#owner.settings.slowCallMs;
    if (this.state === 'half_open') this.#settleProbe(kind === 'success', slow, now);
    else if (this.window.record(now, kind === 'success', slow)) this.#open(now);
  }

  /** Refuses everything until {@link close}. */
  isolate(): void {
    if (this.state !== 'isolated') this.#enter('isolated');
  }

  /** Closes and forgets. */
  close(now: number): void {
    this.window.reset(now);
    this.#opened = 0;
    if (this.state !== 'closed') this.#enter('closed');
  }

  /** Frees what the window holds. Tickets that are out count for nothing. */
  dispose(): void {
    this.#generation += 1;
    this.window.dispose?.();
  }

  /** Undefined when a probe may go. */
  #knock(now: number): Refusal | undefined {
    if (this.state === 'open') {
      // A clock that jumped back must not keep it open for longer than it was to be.
      this.#openUntil = Math.min(this.#openUntil, now + this.#openMs);
      if (now < this.#openUntil) return { reason: 'open', retryAfterMs: this.#openUntil - now };
      this.#enter('half_open');
    }
    return this.#probing + this.#succeeded + this.#failed >= this.#owner.settings.permits ? PROBES_OUT : undefined;
  }

  #probe(now: number): Ticket {
    const { clock, settings } = this.#owner;
    const generation = this.#generation;
    this.#probing += 1;
    const ticket = { generation, endProbe: () => cancel() };
    const expire = (): void => {
      if (generation !== this.#generation) return;
      ticket.generation = -1;
      this.#probing -= 1;
      this.#settleProbe(false, true, clock.now());
    };
    const cancel = clock.schedule(expire, settings.probeTimeoutMs, true, now);
    return ticket;
  }

  /** Decides as soon as the rest of the probes cannot change the answer. */
  #settleProbe(ok: boolean, slow: boolean, now: number): void {
    const { permits, probeFailureRate, slowCallRate } = this.#owner.settings;
    if (ok) this.#succeeded += 1;
    else this.#failed += 1;
    if (slow) this.#slow += 1;
    if (this.#failed / permits >= probeFailureRate || this.#slow / permits >= slowCallRate) this.#open(now);
    else if (this.#succeeded + this.#failed >= permits) this.close(now);
  }

  #open(now: number): void {
    this.#opened += 1;
    this.#openMs = this.#nextOpenMs();
    this.#openUntil = now + this.#openMs;
    this.#enter('open');
  }

  /** A backoff of the user may throw or give nonsense: then it stays open for its shortest time, 1 ms. */
  #nextOpenMs(): number {
    const { settings, random } = this.#owner;
    try {
      const ms = settings.open(this.#opened, random);
      return ms >= 1 ? Math.min(ms, MAX_TIMER_MS) : 1;
    } catch {
      return 1;
    }
  }

  #enter(state: BreakerState): void {
    const from = this.state;
    this.state = state;
    this.#generation += 1;
    this.#ticket = { generation: this.#generation };
    this.#probing = this.#succeeded = this.#failed = this.#slow = 0;
    this.#owner.changed(this.#key, from, state);
  }
}
