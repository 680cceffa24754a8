import type { BreakerWindow } from './breaker.ts';
import { Rolling } from './rolling.ts';

/** When a closed breaker opens: both rates count, at or above. */
export interface TripRule {
  readonly minimumCalls: number;
  readonly failureRate: number;
  /** Above 1 for never. */
  readonly slowCallRate: number;
}

function trips(total: number, failed: number, slow: number, { minimumCalls, failureRate, slowCallRate }: TripRule): boolean {
  return total >= minimumCalls && (failed / total >= failureRate || slow / total >= slowCallRate);
}

/** The calls of the last `ms`, in `buckets` that are forgotten one at a time. It is its own count: a breaker with ten thousand keys is slow by what it must load. */
export class TimeWindow extends Rolling implements BreakerWindow {
  rule: TripRule;

  constructor(ms: number, buckets: number, rule: TripRule) {
    super(ms, buckets, 3);
    this.rule = rule;
  }

  record(now: number, ok: boolean, slow: boolean): boolean {
    this.advance(now);
    this.add(0, 1);
    if (!ok) this.add(1, 1);
    if (slow) this.add(2, 1);
    return trips(this.sum(0), this.sum(1), this.sum(2), this.rule);
  }
}

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, however old. */
export class CountWindow implements BreakerWindow {
  rule: TripRule;
  readonly #calls: Uint8Array;
  #next = 0;
  #total = 0;
  #failed = 0;
  #slow = 0;

  constructor(size: number, rule: TripRule) {
    this.#calls = new Uint8Array(size);
    this.rule = rule;
  }

  record(_now: number, ok: boolean, slow: boolean): boolean {
    const calls = this.#calls;
    if (this.#total < calls.length) this.#total += 1;
    else this.#count(calls[this.#next]!, -1);
    const call = (ok ? 0 : FAILED) | (slow ? SLOW : 0);
    calls[this.#next] = call;
    this.#count(call, 1);
    this.#next = (this.#next + 1) % calls.length;
    return trips(this.#total, this.#failed, this.#slow, this.rule);
  }

  reset(): void {
    this.#next = this.#total = this.#failed = this.#slow = 0;
  }

  #count(call: number, by: number): void {
    if (call & FAILED) this.#failed += by;
    if (call & SLOW) this.#slow += by;
  }
}

/** Failures without a success between them. Slow calls that succeed do not count. */
export class ConsecutiveWindow implements BreakerWindow {
  readonly #failures: number;
  #inARow = 0;

  constructor(failures: number) {
    this.#failures = failures;
  }

  record(_now: number, ok: boolean): boolean {
    this.#inARow = ok ? 0 : this.#inARow + 1;
    return this.#inARow >= this.#failures;
  }

  reset(): void {
    this.#inARow = 0;
  }
}
