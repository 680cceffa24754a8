/** What one window of calls showed. */
export interface WindowSample {
  /** How long the window was. Milliseconds. */
  readonly spanMs: number;
  /** Average time of an attempt in the window. Milliseconds. */
  readonly rttMs: number;
  /** Most calls that ran at once. */
  readonly inFlight: number;
  /** Share of the attempts that the dependency dropped: `throttled` or `transient`. */
  readonly dropRatio: number;
}

/** Finds a limit from one window after the other. */
export interface LimitAlgorithm {
  /** Most calls that may run at once; may have a fraction. */
  readonly limit: number;
  /** A dropped attempt that took no longer than this says nothing about the time an answer takes. Milliseconds. */
  readonly rttFloorMs: number;
  update(sample: WindowSample): void;
  /** Goes on from the limit of now under other options. */
  reconfigure(options: LimitBounds): void;
}

/** Bounds of every limit. */
export interface LimitBounds {
  readonly initialLimit: number;
  readonly minLimit: number;
  readonly maxLimit: number;
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}

/** What {@link gradientStep} needs beside the limit. */
export interface GradientSettings {
  readonly tolerance: number;
  readonly smoothing: number;
  readonly queueSize: number;
}

/**
 * One step of Gradient2, before its bounds:
 *
 * `g = clamp(tolerance · longRtt / shortRtt, 0.5, 1)`, `new = L · (1 − s) + s · (L · g + queueSize)`; unchanged when in flight < L/2.
 */
export function gradientStep(
  limit: number,
  longRttMs: number,
  { rttMs, inFlight }: WindowSample,
  { tolerance, smoothing, queueSize }: GradientSettings,
): number {
  if (inFlight < limit / 2) return limit;
  const gradient = clamp((tolerance * longRttMs) / rttMs, 0.5, 1);
  return limit * (1 - smoothing) + smoothing * (limit * gradient + queueSize);
}

/** What {@link aimdStep} needs beside the limit. */
export interface AimdSettings {
  readonly backoffRatio: number;
  readonly dropRateThreshold: number;
  readonly slowMs?: number | undefined;
}

/** One step of AIMD, before its bounds: `· backoffRatio` on a drop, else `+ 1` when `2 · in flight ≥ L`. */
export function aimdStep(
  limit: number,
  { rttMs, inFlight, dropRatio }: WindowSample,
  { backoffRatio, dropRateThreshold, slowMs = Number.POSITIVE_INFINITY }: AimdSettings,
): number {
  if (dropRatio >= dropRateThreshold || rttMs >= slowMs) return limit * backoffRatio;
  return 2 * inFlight >= limit ? limit + 1 : limit;
}

/** Samples that are averaged plainly before the average becomes exponential. */
const WARMUP = 10;

/** An exponential average over so many milliseconds, after a warm-up: the weight is 2 / (n + 1), where n windows of this length fit in. */
class SlowAverage {
  readonly #overMs: number;
  #count = 0;
  value = 0;

  constructor(overMs: number) {
    this.#overMs = overMs;
  }

  add(sample: number, spanMs: number): void {
    this.#count += 1;
    const weight = this.#count <= WARMUP ? 1 / this.#count : Math.min(1, 2 / (this.#overMs / spanMs + 1));
    this.value += (sample - this.value) * weight;
  }
}

/** Bounds and settings of a gradient limit. */
type GradientOptions = LimitBounds & GradientSettings & { readonly longWindowMs: number };

/** Source: Netflix concurrency-limits, `Gradient2Limit` and `ExpAvgMeasurement`. */
export function gradientLimit(given: GradientOptions): LimitAlgorithm {
  const long = new SlowAverage(given.longWindowMs);
  let options = given;
  let limit = given.initialLimit;
  return {
    get limit() {
      return limit;
    },
    get rttFloorMs() {
      return long.value === 0 ? Number.POSITIVE_INFINITY : long.value;
    },
    update(sample) {
      if (!(sample.rttMs > 0)) return;
      long.add(sample.rttMs, sample.spanMs);
      const longRttMs = long.value;
      // After a long overload the average is too high: come down faster than it would by itself.
      if (longRttMs / sample.rttMs > 2) long.value *= 0.95;
      const next = gradientStep(limit, longRttMs, sample, options);
      if (next !== limit) limit = clamp(next, options.minLimit, options.maxLimit);
    },
    reconfigure(next) {
      options = next as GradientOptions;
      limit = clamp(limit, next.minLimit, next.maxLimit);
    },
  };
}

/** Source: Netflix concurrency-limits, `AIMDLimit`. */
export function aimdLimit(given: LimitBounds & AimdSettings): LimitAlgorithm {
  let options = given;
  let limit = given.initialLimit;
  return {
    get limit() {
      return limit;
    },
    rttFloorMs: -1,
    update(sample) {
      limit = clamp(aimdStep(limit, sample, options), options.minLimit, options.maxLimit);
    },
    reconfigure(next) {
      options = next as LimitBounds & AimdSettings;
      limit = clamp(limit, next.minLimit, next.maxLimit);
    },
  };
}

/** Fewest attempts from which a window may be judged. */
const MIN_SAMPLES = 10;

/**
 * Gathers attempts and shows them to an algorithm once a window: at least `windowMs` long, and with ten attempts.
 *
 * Source: Netflix concurrency-limits, `WindowedLimit` with an average window; here a window that is too small goes on instead
 * of being thrown away.
 */
export class LimitWindow {
  /** Shortest window. Milliseconds. */
  windowMs: number;
  readonly #algorithm: LimitAlgorithm;
  #startedAt: number | undefined;
  #sumMs = 0;
  #timed = 0;
  #total = 0;
  #dropped = 0;
  #inFlight = 0;

  constructor(windowMs: number, algorithm: LimitAlgorithm) {
    this.windowMs = windowMs;
    this.#algorithm = algorithm;
  }

  /** Counts one attempt. */
  add(durationMs: number, dropped: boolean): void {
    this.#total += 1;
    if (dropped) this.#dropped += 1;
    // A clock that jumps back gives no times.
    if (!(durationMs >= 0) || (dropped && durationMs <= this.#algorithm.rttFloorMs)) return;
    this.#sumMs += durationMs;
    this.#timed += 1;
  }

  /** A call ended that began when so many ran. True when the limit may have changed. */
  close(now: number, inFlight: number): boolean {
    this.#inFlight = Math.max(this.#inFlight, inFlight);
    // A window begins with its first call, so that idle time is no part of it. A clock that jumped back begins it anew.
    if (this.#startedAt === undefined || now < this.#startedAt) this.#startedAt = now;
    const spanMs = now - this.#startedAt;
    if (spanMs < this.windowMs || this.#timed < MIN_SAMPLES) return false;
    this.#algorithm.update({ spanMs, rttMs: this.#sumMs / this.#timed, inFlight: this.#inFlight, dropRatio: this.#dropped / this.#total });
    this.#startedAt = undefined;
    this.#sumMs = 0;
    this.#timed = 0;
    this.#total = 0;
    this.#dropped = 0;
    this.#inFlight = 0;
    return true;
  }
}
