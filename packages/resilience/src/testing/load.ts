import { type Clock, functionOption, type OptionCheck, resolveOptions, wholeNumber } from '@nines/resilience';

/** Options of a simulated load. */
export interface SimulatedLoadOptions {
  /** Calls begun in a second: a number above 0, or a function of the time in milliseconds; 0 pauses. */
  readonly perSecond: number | ((nowMs: number) => number);
  /** `poisson` draws the time between two calls, as with many users; `even` keeps it equal. Default: `poisson`. */
  readonly arrivals?: 'poisson' | 'even';
  /** One call; is given its number, from 1. It failed when it rejects or resolves to an object whose `ok` is false, such as an outcome. */
  readonly call: (number: number) => unknown;
  /** Latencies kept for quantiles; past it each has the same chance to be among those kept. Default: 100 000. */
  readonly maxSamples?: number;
}

/** What a simulated load counted. */
export interface SimulatedLoadStats {
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Calls that have not ended. */
  readonly inFlight: number;
}

type Resolved = Required<SimulatedLoadOptions>;

/** How long a paused load waits before it looks at its rate again. */
const PAUSE_MS = 100;

const rate: OptionCheck = (value) =>
  typeof value === 'function' || (typeof value === 'number' && Number.isFinite(value) && value > 0)
    ? undefined
    : 'a number above 0 or a function';
const arrival: OptionCheck = (value) => (value === 'poisson' || value === 'even' ? undefined : 'one of poisson, even');

function failed(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'ok' in result && result.ok === false;
}

/** Calls that begin at a given rate, whether or not earlier ones have ended: an open workload. */
export class SimulatedLoad {
  readonly #options: Resolved;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #latencies: number[] = [];
  readonly #stats = { started: 0, succeeded: 0, failed: 0 };
  #cancel: (() => void) | undefined;

  /** Use `simulation().load()`. */
  constructor(options: SimulatedLoadOptions, clock: Clock, random: () => number) {
    const defaults = { arrivals: 'poisson' as const, maxSamples: 100_000 };
    this.#options = resolveOptions<Resolved>('load', options, defaults, {
      perSecond: rate,
      arrivals: arrival,
      call: functionOption(),
      maxSamples: wholeNumber(1, 1_000_000),
    });
    this.#clock = clock;
    this.#random = random;
    this.#plan();
  }

  /** Counts of now. */
  get stats(): SimulatedLoadStats {
    const { started, succeeded, failed: lost } = this.#stats;
    return { started, succeeded, failed: lost, inFlight: started - succeeded - lost };
  }

  /** The time in milliseconds within which this share of the calls that ended did so, failed ones too; NaN before the first. */
  quantileMs(share: number): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
  }

  /** Begins no more calls. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #plan(): void {
    const { perSecond, arrivals } = this.#options;
    const now = typeof perSecond === 'number' ? perSecond : perSecond(this.#clock.now());
    if (!(now > 0)) {
      this.#cancel = this.#clock.schedule(() => this.#plan(), PAUSE_MS);
      return;
    }
    const gapMs = (1_000 / now) * (arrivals === 'even' ? 1 : -Math.log(1 - this.#random()));
    this.#cancel = this.#clock.schedule(() => {
      this.#plan();
      void this.#begin();
    }, gapMs);
  }

  async #begin(): Promise<void> {
    const startedAt = this.#clock.now();
    this.#stats.started += 1;
    try {
      const result = await this.#options.call(this.#stats.started);
      this.#stats[failed(result) ? 'failed' : 'succeeded'] += 1;
    } catch {
      this.#stats.failed += 1;
    }
    this.#sample(this.#clock.now() - startedAt);
  }

  /** Vitter's algorithm R: every latency has the same chance to be kept. */
  #sample(ms: number): void {
    const { maxSamples } = this.#options;
    if (this.#latencies.length < maxSamples) {
      this.#latencies.push(ms);
      return;
    }
    const ended = this.#stats.succeeded + this.#stats.failed;
    const at = Math.floor(this.#random() * ended);
    if (at < maxSamples) this.#latencies[at] = ms;
  }
}
