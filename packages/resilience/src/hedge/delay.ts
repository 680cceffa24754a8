import { checkOption, type OptionCheck, type OutcomeKind, resolveOptions, wholeNumber } from '@nines/resilience';
import { LatencySketch } from './latency-sketch.ts';

/** Options of {@link quantile}. Both have a default. */
export interface QuantileOptions {
  /** Calls that must have been measured before the first hedge. From 1 to 100 000. Default: 100. */
  readonly minimumCalls?: number;
  /** How many of the last calls count; the influence of one halves after half as many. From 100 to 1 000 000. Default: 2 000. */
  readonly memory?: number;
}

const defaults: Readonly<Required<QuantileOptions>> = Object.freeze({ minimumCalls: 100, memory: 2_000 });

/** A delay that follows what is measured; made by {@link quantile}. Each pipeline measures for itself. */
export interface QuantileDelay extends Required<QuantileOptions> {
  /** The share of runs that answer within the delay. */
  readonly quantile: number;
}

const inside: OptionCheck = (value) => (typeof value === 'number' && value > 0 && value < 1 ? undefined : 'a number above 0 and below 1');
const checks: Readonly<Record<keyof QuantileOptions, OptionCheck>> = {
  minimumCalls: wholeNumber(1, 100_000),
  memory: wholeNumber(100, 1_000_000),
};

/** True for what {@link quantile} made, or what is like it. */
export function isQuantileDelay(value: unknown): value is QuantileDelay {
  const { quantile: share, minimumCalls, memory } = (value ?? {}) as Partial<QuantileDelay>;
  return inside(share) === undefined && checks.minimumCalls(minimumCalls) === undefined && checks.memory(memory) === undefined;
}

/**
 * A delay of a hedge: the time within which this share of the runs have answered lately, known to 2 % and never too short.
 * With 0.95, at most one run in twenty is hedged. It helps while fewer calls are slow than it leaves out. Hedges themselves are not measured; a run that a hedge has overtaken counts with the time it had taken.
 *
 * Kept in 5 KB for each pipeline, whatever the number of calls.
 *
 * @param share - above 0 and below 1.
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { hedge, quantile } from '@nines/resilience/hedge';
 *
 * console.log(hedge({ delay: quantile(0.95) }).kind); // hedge
 * ```
 */
export function quantile(share: number, options?: QuantileOptions): QuantileDelay {
  checkOption('quantile', 'share', share, inside);
  return Object.freeze({ quantile: share, ...resolveOptions<Required<QuantileOptions>>('quantile', options, defaults, checks) });
}

/** When to hedge, in one pipeline. */
export interface HedgeTimer {
  /** Milliseconds; undefined for never. */
  readonly delayMs: number | undefined;
  /** A run that is no hedge ended, or was overtaken by one. */
  record(kind: OutcomeKind, durationMs: number): void;
}

/** A delay as one pipeline keeps it. */
export function hedgeTimer(delay: number | QuantileDelay): HedgeTimer {
  if (typeof delay === 'number') return { delayMs: delay, record: () => {} };
  const { quantile: share, minimumCalls, memory } = delay;
  const sketch = new LatencySketch(share, memory);
  return {
    get delayMs() {
      return sketch.recorded < minimumCalls ? undefined : sketch.valueMs;
    },
    record(kind, durationMs) {
      // A quick failure is no latency. A slow end is one that the quantile must see: a timeout, a caller who left, and a run
      // that a hedge overtook, which would have taken longer still.
      if (kind === 'success' || (kind !== 'rejected' && durationMs > sketch.valueMs)) sketch.record(durationMs);
    },
  };
}
