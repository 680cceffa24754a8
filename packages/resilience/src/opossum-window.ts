import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import { type BreakerWindow, MAX_TIMER_MS } from '@nines/resilience';

/*
 * The rolling window and the trip decision of one opossum breaker, told only what has settled.
 *
 * The states are not opossum's but those of every breaker of this package, because opossum's cannot be used: it neither
 * limits nor times probes, and it counts what comes late.
 */

/** What one window is made from. */
export interface OpossumWindowSettings {
  readonly failureRateThreshold: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly windowBuckets: number;
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

function threshold({ failureRateThreshold }: OpossumWindowSettings): number {
  return failureRateThreshold * 100 - EPSILON;
}

/** One opossum breaker as a window. */
export class OpossumWindow implements BreakerWindow {
  #settings: OpossumWindowSettings;
  readonly #rotation = new EventEmitter();
  readonly #opossum: CircuitBreaker<[boolean], undefined>;
  #rotatedAt: number;

  constructor(name: string, settings: OpossumWindowSettings, now: number) {
    this.#settings = settings;
    this.#rotatedAt = now;
    const settle = (ok: boolean): Promise<undefined> => {
      if (ok) return SUCCEEDED;
      throw FAILED;
    };
    // A fresh object: opossum writes into the one it is given.
    this.#opossum = new CircuitBreaker(settle, {
      name,
      timeout: false,
      errorThresholdPercentage: threshold(settings),
      volumeThreshold: settings.minimumCalls,
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: settings.windowBuckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotation,
      resetTimeout: MAX_TIMER_MS,
    });
  }

  /** Trips by another threshold from now on: the one number that opossum reads at every failure. */
  use(settings: OpossumWindowSettings): void {
    this.#settings = settings;
    const { options } = this.#opossum as unknown as { readonly options: { errorThresholdPercentage: number } };
    options.errorThresholdPercentage = threshold(settings);
  }

  record(now: number, ok: boolean): boolean {
    const bucketMs = this.#settings.windowMs / this.#settings.windowBuckets;
    const passed = Math.floor((now - this.#rotatedAt) / bucketMs);
    this.#rotatedAt += passed * bucketMs;
    this.#rotate(Math.min(passed, this.#settings.windowBuckets));
    this.#opossum.fire(ok).catch(() => {});
    // opossum keeps every latency of the window, also when percentiles are off.
    const latencies = (this.#opossum.status.window[0] as { latencyTimes?: number[] } | undefined)?.latencyTimes;
    if (latencies !== undefined) latencies.length = 0;
    return this.#opossum.opened;
  }

  reset(): void {
    this.#rotate(this.#settings.windowBuckets);
    this.#opossum.close();
  }

  dispose(): void {
    this.#opossum.shutdown();
  }

  /** opossum's window turns by our clock and needs no timer of its own. */
  #rotate(buckets: number): void {
    for (let i = 0; i < buckets; i++) this.#rotation.emit('rotate');
  }
}
