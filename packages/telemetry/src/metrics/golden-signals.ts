import { type Clock, systemClock } from '../clock.ts';
import { refuseUnknown } from '../options.ts';
import { histogram } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';

/** Options of {@link goldenSignals}. */
export interface GoldenSignalsOptions {
  /** What is measured, as the metric's prefix: `payment` gives `payment_operation_duration_seconds`. */
  readonly name: string;
  /** Bucket bounds in seconds. Default {@link durationBuckets}. */
  readonly buckets?: readonly number[];
  /** How full it is, from 0 to 1, read at each scrape, such as connections in use of those there are. Default none. */
  readonly saturation?: () => number;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/** Latency, traffic and errors of operations, and how full what serves them is. */
export interface GoldenSignals {
  /** Runs the operation and counts it with its time and whether it failed; gives back what it gives back. */
  track<Result>(operation: string, run: () => Result | Promise<Result>): Promise<Result>;
  /** Counts an operation that was timed elsewhere. */
  observe(operation: string, seconds: number, outcome: 'ok' | 'error'): void;
}

/**
 * The four golden signals of something that is not an HTTP server: `<name>_operation_duration_seconds{operation,outcome}`, whose
 * `_count` is traffic and errors, and `<name>_saturation_ratio` where `saturation` is given.
 *
 * Source: B. Beyer and others, Site Reliability Engineering, chapter 6.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when the name is taken.
 * @example
 * ```ts
 * import { createRegistry, goldenSignals } from '@nines/telemetry/metrics';
 * const registry = createRegistry();
 * const payment = goldenSignals(registry, { name: 'payment', saturation: () => 3 / 10 });
 * console.log(await payment.track('charge', async () => 'paid')); // paid
 * console.log((await registry.metrics()).includes('payment_saturation_ratio 0.3')); // true
 * ```
 */
export function goldenSignals(registry: MetricRegistry, options: GoldenSignalsOptions): GoldenSignals {
  refuseUnknown('goldenSignals', options, ['name', 'buckets', 'saturation', 'clock']);
  const { name, buckets, saturation, clock = systemClock } = options;
  const duration = histogram(registry, {
    name: `${name}_operation_duration_seconds`,
    help: 'Duration of operations; outcome is ok or error.',
    labelNames: ['operation', 'outcome'],
    exemplars: true,
    ...(buckets === undefined ? {} : { buckets }),
  });
  if (saturation !== undefined) {
    const shape = { name: `${name}_saturation_ratio`, help: 'How full it is, from 0 to 1.', type: 'gauge', aggregator: 'sum' };
    const get = () => ({ ...shape, values: [{ labels: {}, value: saturation() }] });
    registry.registerMetric({ ...shape, get, reset: () => undefined });
  }
  const observe = (operation: string, seconds: number, outcome: 'ok' | 'error'): void => {
    duration.observe(seconds, { operation, outcome });
  };
  return {
    observe,
    async track(operation, run) {
      const startedMs = clock.now();
      const end = (outcome: 'ok' | 'error'): void => observe(operation, (clock.now() - startedMs) / 1000, outcome);
      try {
        const result = await run();
        end('ok');
        return result;
      } catch (error) {
        end('error');
        throw error;
      }
    },
  };
}
