import { TelemetryError } from '../errors.ts';
import { checkInstrument, createSeries, type InstrumentOptions, type Labels, type Series } from './labels.ts';
import type { MetricRegistry, MetricSample, RegisteredMetric } from './registry.ts';

/** A number that only grows. */
export interface Counter {
  /** Adds `by` (default 1). A negative or non-finite number is ignored: a metric must never break its caller. */
  inc(labels?: Labels, by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets the value; a non-finite number is ignored. */
  set(value: number, labels?: Labels): void;
}

/** A distribution in buckets. */
export interface Histogram {
  /** Counts one observation; a non-finite number is ignored. */
  observe(value: number, labels?: Labels): void;
}

/** Options of {@link histogram}. */
export interface HistogramOptions extends InstrumentOptions {
  /** Upper bounds, ascending. Default {@link durationBuckets}. */
  readonly buckets?: readonly number[];
}

/** Bucket bounds in seconds for HTTP durations, from OpenTelemetry's semantic conventions. */
export const durationBuckets: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]);

/** Registers a metric of the shape that registries ask for, whose values come from its series. */
function register<Cell>(
  registry: MetricRegistry,
  options: InstrumentOptions,
  type: string,
  series: Series<Cell>,
  samples: (labels: Labels, cell: Cell) => readonly MetricSample[],
): void {
  const { name, help } = options;
  const shape = { name, help, type, aggregator: 'sum' };
  const metric: RegisteredMetric = {
    ...shape,
    get: () => ({ ...shape, values: [...series.all()].flatMap(([labels, cell]) => samples(labels, cell)) }),
    reset: () => series.clear(),
  };
  if (registry.getSingleMetric(name) !== undefined) {
    throw new TelemetryError('METRIC_CONFLICT', `metric ${name} is already registered`);
  }
  registry.registerMetric(metric);
}

const single = (labels: Labels, cell: { readonly value: number }): readonly MetricSample[] => [{ labels, value: cell.value }];

/**
 * Registers a counter and returns it.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when the name is taken.
 * @example
 * ```ts
 * import { counter, createRegistry } from '@nines/telemetry/metrics';
 * const jobs = counter(createRegistry(), { name: 'jobs_total', help: 'Jobs seen.', labelNames: ['queue'] });
 * jobs.inc({ queue: 'mail' });
 * ```
 */
export function counter(registry: MetricRegistry, options: InstrumentOptions): Counter {
  checkInstrument(options);
  const series = createSeries(options, () => ({ value: 0 }));
  register(registry, options, 'counter', series, single);
  return {
    inc(labels, by = 1) {
      if (by >= 0 && by < Infinity) series.cell(labels).value += by;
    },
  };
}

/**
 * Registers a gauge and returns it.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when the name is taken.
 * @example
 * ```ts
 * import { createRegistry, gauge } from '@nines/telemetry/metrics';
 * const open = gauge(createRegistry(), { name: 'connections_open', help: 'Open connections.' });
 * open.set(3);
 * ```
 */
export function gauge(registry: MetricRegistry, options: InstrumentOptions): Gauge {
  checkInstrument(options);
  const series = createSeries(options, () => ({ value: 0 }));
  register(registry, options, 'gauge', series, single);
  return {
    set(value, labels) {
      if (Number.isFinite(value)) series.cell(labels).value = value;
    },
  };
}

interface HistogramCell {
  readonly counts: number[];
  sum: number;
  count: number;
}

function histogramSamples(name: string, bounds: readonly number[], labels: Labels, cell: HistogramCell): MetricSample[] {
  let cumulated = 0;
  const buckets = bounds.map((le, index) => {
    cumulated += cell.counts[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: cumulated };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: cell.count },
    { metricName: `${name}_sum`, labels, value: cell.sum },
    { metricName: `${name}_count`, labels, value: cell.count },
  ];
}

/**
 * Registers a histogram and returns it.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when the name is taken.
 * @example
 * ```ts
 * import { createRegistry, histogram } from '@nines/telemetry/metrics';
 * const seconds = histogram(createRegistry(), { name: 'job_duration_seconds', help: 'Time a job took.' });
 * seconds.observe(0.12);
 * ```
 */
export function histogram(registry: MetricRegistry, options: HistogramOptions): Histogram {
  checkInstrument(options, ['buckets']);
  const bounds = options.buckets ?? durationBuckets;
  if (
    bounds.length === 0 ||
    bounds.length > 100 ||
    bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? -Infinity)) || bound === Infinity)
  ) {
    throw new TelemetryError('INVALID_OPTION', `buckets must be 1 to 100 finite ascending numbers, got ${JSON.stringify(bounds)}`);
  }
  const series = createSeries<HistogramCell>(options, () => ({ counts: bounds.map(() => 0), sum: 0, count: 0 }));
  register(registry, options, 'histogram', series, (labels, cell) => histogramSamples(options.name, bounds, labels, cell));
  return {
    observe(value, labels) {
      if (!Number.isFinite(value)) return;
      const cell = series.cell(labels);
      const index = bounds.findIndex((bound) => value <= bound);
      if (index >= 0) cell.counts[index] = (cell.counts[index] ?? 0) + 1;
      cell.sum += value;
      cell.count += 1;
    },
  };
}
