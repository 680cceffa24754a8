/** Each bucket ends 2 % above where it begins. */
const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);

/** What is shorter counts as this; milliseconds. */
const SHORTEST_MS = 0.01;
const FIRST = Math.ceil(Math.log(SHORTEST_MS) / LOG_GAMMA);

/** Enough for 24.8 days, the longest a timer can be. */
const BUCKETS = Math.ceil(Math.log(2_147_483_647) / LOG_GAMMA) - FIRST + 1;

function bucketOf(ms: number): number {
  const at = Math.ceil(Math.log(Math.max(ms, SHORTEST_MS)) / LOG_GAMMA) - FIRST;
  return Math.min(BUCKETS - 1, Math.max(0, at));
}

/** Values between two looks at the whole histogram. A look costs one pass over the buckets. */
const LOOK_EVERY = 64;

/**
 * One quantile of what was recorded lately, in bounded memory (5 KB): a histogram whose buckets grow by a constant factor, so
 * that every value is known to 2 % and never too low, and whose counts are halved when `memory` are held, so that the past fades.
 *
 * Recording costs O(1), amortised: the quantile is looked up once for every 64 values, more often only while there are few.
 *
 * Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
 * guarantees", PVLDB 12(12), 2019, for the buckets and the rank; the halving is exponential decay by count.
 */
export class LatencySketch {
  readonly #quantile: number;
  readonly #memory: number;
  readonly #counts = new Float32Array(BUCKETS);
  #total = 0;
  #recorded = 0;
  #lookAt = 1;
  #valueMs = 0;

  constructor(quantile: number, memory: number) {
    this.#quantile = quantile;
    this.#memory = memory;
  }

  /** How many values were ever recorded. */
  get recorded(): number {
    return this.#recorded;
  }

  /** The quantile in milliseconds; 0 before the first value. */
  get valueMs(): number {
    return this.#valueMs;
  }

  /** Counts one latency. What is no time, such as NaN or what a clock that jumped back gives, counts as the shortest. */
  record(ms: number): void {
    this.#counts[bucketOf(ms > 0 ? ms : 0)]! += 1;
    this.#total += 1;
    this.#recorded += 1;
    if (this.#total >= this.#memory) this.#halve();
    if (this.#recorded < this.#lookAt) return;
    this.#lookAt = this.#recorded + Math.min(LOOK_EVERY, Math.ceil(this.#recorded / 4));
    this.#valueMs = this.#look();
  }

  /** The end of the first bucket with which more than q · (n − 1) values are counted. */
  #look(): number {
    const rank = this.#quantile * (this.#total - 1);
    let below = 0;
    let at = 0;
    while (at < BUCKETS - 1 && (below += this.#counts[at]!) <= rank) at += 1;
    return GAMMA ** (at + FIRST);
  }

  #halve(): void {
    this.#total = 0;
    for (let i = 0; i < BUCKETS; i++) {
      // Parts below a hundredth are dropped: nothing is kept for ever.
      const half = this.#counts[i]! / 2;
      this.#counts[i] = half < 0.01 ? 0 : half;
      this.#total += this.#counts[i]!;
    }
  }
}
