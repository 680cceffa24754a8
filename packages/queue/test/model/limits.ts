import type { RateLimit } from '@nines/queue';

/** A rate and a cap, in whole units: one token a unit, so that what a run itself takes never makes one. */
export class ModelLimits {
  readonly #rate: RateLimit | undefined;
  readonly #cap: number | undefined;
  /** When the next job would come at an even pace. */
  #at = 0;

  constructor(rate: RateLimit | undefined, cap: number | undefined) {
    this.#rate = rate;
    this.#cap = cap;
  }

  get exist(): boolean {
    return this.#rate !== undefined || this.#cap !== undefined;
  }

  left(now: number, active: number): number {
    const cap = this.#cap === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.#cap - active);
    return Math.min(cap, this.#tokens(now));
  }

  spend(now: number, claimed: number): void {
    this.#at = Math.max(this.#at, now) + claimed;
  }

  /** When there is a token; undefined where there is one. */
  refill(now: number): number | undefined {
    return this.#tokens(now) > 0 ? undefined : this.#at - this.#rate!.count + 1;
  }

  #tokens(now: number): number {
    return this.#rate === undefined ? Number.POSITIVE_INFINITY : now + this.#rate.count - Math.max(this.#at, now);
  }
}
