import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import { type BreakerState, type Clock, MAX_TIMER_MS, type OutcomeKind } from '@nines/resilience';

/*
 * One opossum breaker, told only what has settled.
 *
 *              admit()                        settle(ticket, kind)
 *   closed ──── ticket ──▶ the call runs ──▶ counted by opossum; past the threshold it opens
 *   open ────── refused until openMs passed, then half_open
 *   half_open ─ `probes` tickets; all succeed ─▶ closed; one fails or hangs ─▶ open
 *
 * opossum keeps the rolling window and decides when to trip. The rest is done here, because opossum does it in a way that
 * cannot be used: it neither limits nor times probes, and it counts what comes late. Every change of state starts a new
 * generation, and a ticket of an older one counts for nothing.
 */

/** What one breaker is made from. */
export interface OpossumBreakerSettings {
  readonly failureRateThreshold: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly windowBuckets: number;
  readonly openMs: number;
  readonly probes: number;
  readonly probeTimeoutMs: number;
}

/** The right to make one call. */
export interface Ticket {
  readonly generation: number;
  /** Calls off the probe's timer. */
  readonly endProbe: (() => void) | undefined;
}

/** Why a call was refused. */
export interface Refusal {
  readonly reason: 'open' | 'half_open';
  readonly retryAfterMs: number | undefined;
}

/** Carries "failed" into opossum; made once, because a stack trace for each failure would cost more than the breaker. */
const FAILED = new Error('the call failed');

/** Settles at once, so that the state after `fire` is the state that the next call sees. */
const SUCCEEDED = {
  // oxlint-disable-next-line unicorn/no-thenable -- it is only ever handed to opossum, never awaited
  then(settled: (value: undefined) => void): { catch: () => void } {
    settled(undefined);
    return { catch: () => {} };
  },
} as unknown as Promise<undefined>;

/** opossum asks for more than the threshold, we for at least the threshold. */
const EPSILON = 1e-9;

/** One breaker. */
export class OpossumBreaker {
  state: BreakerState = 'closed';
  readonly #settings: OpossumBreakerSettings;
  readonly #clock: Clock;
  readonly #changed: (from: BreakerState, to: BreakerState) => void;
  readonly #rotation = new EventEmitter();
  readonly #opossum: CircuitBreaker<[boolean], undefined>;
  #generation = 0;
  #rotatedAt: number;
  #openedAt = 0;
  #probing = 0;
  #succeeded = 0;

  constructor(name: string, settings: OpossumBreakerSettings, clock: Clock, changed: (from: BreakerState, to: BreakerState) => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#changed = changed;
    this.#rotatedAt = clock.now();
    const settle = (ok: boolean): Promise<undefined> => {
      if (ok) return SUCCEEDED;
      throw FAILED;
    };
    // A fresh object: opossum writes into the one it is given.
    this.#opossum = new CircuitBreaker(settle, {
      name,
      timeout: false,
      errorThresholdPercentage: settings.failureRateThreshold * 100 - EPSILON,
      volumeThreshold: settings.minimumCalls,
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: settings.windowBuckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotation,
      resetTimeout: MAX_TIMER_MS,
    });
  }

  /** A ticket when the call may run. */
  admit(): Ticket | Refusal {
    if (this.state === 'closed') return { generation: this.#generation, endProbe: undefined };
    if (this.state === 'open') {
      const retryAfterMs = this.#openedAt + this.#settings.openMs - this.#clock.now();
      if (retryAfterMs > 0) return { reason: 'open', retryAfterMs };
      this.#enter('half_open');
    }
    if (this.#probing + this.#succeeded >= this.#settings.probes) return { reason: 'half_open', retryAfterMs: undefined };
    return this.#probe();
  }

  /** Counts what a ticket led to. */
  settle(ticket: Ticket, kind: OutcomeKind): void {
    ticket.endProbe?.();
    if (ticket.generation !== this.#generation) return;
    if (this.state === 'half_open') this.#probing -= 1;
    if (kind !== 'success' && kind !== 'failure' && kind !== 'transient') return;
    if (this.state === 'half_open') this.#settleProbe(kind === 'success');
    else this.#record(kind === 'success');
  }

  /** Frees what opossum holds. Tickets that are out count for nothing. */
  dispose(): void {
    this.#generation += 1;
    this.#opossum.shutdown();
  }

  #probe(): Ticket {
    const generation = this.#generation;
    this.#probing += 1;
    const expire = (): void => {
      if (generation === this.#generation) this.#open();
    };
    return { generation, endProbe: this.#clock.schedule(expire, this.#settings.probeTimeoutMs, true) };
  }

  #settleProbe(ok: boolean): void {
    if (!ok) {
      this.#open();
      return;
    }
    this.#succeeded += 1;
    if (this.#succeeded < this.#settings.probes) return;
    this.#rotate(this.#settings.windowBuckets);
    this.#opossum.close();
    this.#enter('closed');
  }

  #record(ok: boolean): void {
    const bucketMs = this.#settings.windowMs / this.#settings.windowBuckets;
    const passed = Math.floor((this.#clock.now() - this.#rotatedAt) / bucketMs);
    this.#rotatedAt += passed * bucketMs;
    this.#rotate(Math.min(passed, this.#settings.windowBuckets));
    this.#opossum.fire(ok).catch(() => {});
    // opossum keeps every latency of the window, also when percentiles are off.
    const latencies = (this.#opossum.status.window[0] as { latencyTimes?: number[] } | undefined)?.latencyTimes;
    if (latencies !== undefined) latencies.length = 0;
    if (this.#opossum.opened) this.#open();
  }

  /** opossum's window turns by our clock and needs no timer of its own. */
  #rotate(buckets: number): void {
    for (let i = 0; i < buckets; i++) this.#rotation.emit('rotate');
  }

  #open(): void {
    this.#openedAt = this.#clock.now();
    this.#enter('open');
  }

  #enter(state: BreakerState): void {
    const from = this.state;
    this.state = state;
    this.#generation += 1;
    this.#probing = 0;
    this.#succeeded = 0;
    this.#changed(from, state);
  }
}
