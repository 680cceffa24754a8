import type { Context } from '@opentelemetry/api';
import { TelemetryError } from '../errors.ts';
import { internalErrors } from '../internal-errors.ts';
import { booleanOption, describe } from '../options.ts';
import { type Buckets, createBuckets, histogramSamples } from './buckets.ts';
import { checkInstrument, type InstrumentOptions, type Labels } from './labels.ts';
import type { MetricRegistry, MetricSample, RegisteredMetric } from './registry.ts';
import { createSeries, type Series } from './series.ts';

/** A number that only grows. */
export interface Counter<Names extends string = never> {
  /** Adds `by` (default 1). A negative or non-finite number is not added but counted as an internal error: a metric must never break its caller. */
  inc(labels?: Labels<Names>, by?: number): void;
  /** The same for one series, several times faster. */
  bind(labels: Labels<Names>): BoundCounter;
}

/** One series of a {@link Counter}. */
export interface BoundCounter {
  /** Adds `by` (default 1). */
  inc(by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge<Names extends string = never> {
  /** Sets the value; a non-finite number is not set but counted as an internal error. */
  set(value: number, labels?: Labels<Names>): void;
  /** The same for one series, several times faster. */
  bind(labels: Labels<Names>): BoundGauge;
}

/** One series of a {@link Gauge}. */
export interface BoundGauge {
  /** Sets the value. */
  set(value: number): void;
}

/** A distribution in buckets. */
export interface Histogram<Names extends string = never> {
  /** Counts one observation; a non-finite number is not counted but noted as an internal error. */
  observe(value: number, labels?: Labels<Names>): void;
  /** The same for one series, several times faster. */
  bind(labels: Labels<Names>): BoundHistogram;
}

/** One series of a {@link Histogram}. */
export interface BoundHistogram {
  /** Counts one observation. */
  observe(value: number): void;
}

/** Options of {@link histogram}. */
export interface HistogramOptions<Names extends string = string> extends InstrumentOptions<Names> {
  /** Upper bounds, ascending. Default {@link durationBuckets}. */
  readonly buckets?: readonly number[];
  /** Keep for each bucket the last observation made in a sampled span, for scrapes in OpenMetrics. Default that of the registry. */
  readonly exemplars?: boolean;
}

/** Bucket bounds in seconds for HTTP durations, from OpenTelemetry's semantic conventions. */
export const durationBuckets: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]);

type Samples<Cell> = (labels: MetricSample['labels'], cell: Cell) => readonly MetricSample[];

/** Registers a metric of the shape that registries ask for, whose values come from its series. */
function register<Cell>(
  registry: MetricRegistry,
  { name, help }: InstrumentOptions,
  type: string,
  series: Series<Cell>,
  samples: Samples<Cell>,
  keepsSamples = false,
): void {
  if (registry.getSingleMetric(name) !== undefined) {
    throw new TelemetryError('METRIC_CONFLICT', `metric ${name} is already registered`);
  }
  const shape = { name, help, type, aggregator: 'sum' };
  let last: readonly MetricSample[] = [];
  const metric: RegisteredMetric = {
    ...shape,
    get() {
      const values = [...series.all()].flatMap(([labels, cell]) => samples(labels, cell));
      if (keepsSamples) last = values;
      return { ...shape, values };
    },
    reset: () => series.clear(),
    ...(keepsSamples ? { lastSamples: () => last } : {}),
  };
  registry.registerMetric(metric);
}

const single: Samples<{ readonly value: number }> = (labels, cell) => [{ labels, value: cell.value }];

/** Tells of a wrong use of a metric; made only when there is one, so that a registry without any shows none. */
function misuse(registry: MetricRegistry, name: string): (problem: string) => void {
  return (problem) => internalErrors(registry).misuse('metrics', `${name}: ${problem}`, name);
}

/** A bound cell keeps its place, also when the registry was reset in between. */
function follow<Names extends string, Cell>(series: Series<Cell>, labels: Labels<Names>): () => Cell {
  let cell = series.cell(labels);
  let { generation } = series;
  return () => {
    if (generation !== series.generation) {
      cell = series.cell(labels);
      ({ generation } = series);
    }
    return cell;
  };
}

/**
 * Registers a counter and returns it. Labels are typed: one that is not declared does not compile.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when the name is taken.
 * @example
 * ```ts
 * import { counter, createRegistry } from '@nines/telemetry/metrics';
 * const registry = createRegistry();
 * const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs seen.', labelNames: ['queue'] });
 * jobs.inc({ queue: 'mail' });
 * const mail = jobs.bind({ queue: 'mail' }); // for a hot path
 * mail.inc(2);
 * console.log((await registry.metrics()).includes('jobs_total{queue="mail"} 3')); // true
 * ```
 */
export function counter<Names extends string = never>(registry: MetricRegistry, options: InstrumentOptions<Names>): Counter<Names> {
  checkInstrument(options);
  const onMisuse = misuse(registry, options.name);
  const series = createSeries({ ...registry.instrumentDefaults, ...options }, () => ({ value: 0 }), onMisuse);
  register(registry, options, 'counter', series, single);
  const add = (cell: { value: number }, by: number): void => {
    if (typeof by === 'number' && by >= 0 && by < Infinity) cell.value += by;
    else onMisuse(`a counter grows by a finite number from 0, got ${describe(by)}`);
  };
  return {
    inc: (labels, by = 1) => add(series.cell(labels), by),
    bind(labels) {
      const cell = follow(series, labels);
      return { inc: (by = 1) => add(cell(), by) };
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
export function gauge<Names extends string = never>(registry: MetricRegistry, options: InstrumentOptions<Names>): Gauge<Names> {
  checkInstrument(options);
  const onMisuse = misuse(registry, options.name);
  const series = createSeries({ ...registry.instrumentDefaults, ...options }, () => ({ value: 0 }), onMisuse);
  register(registry, options, 'gauge', series, single);
  const put = (cell: { value: number }, value: number): void => {
    if (Number.isFinite(value)) cell.value = value;
    else onMisuse(`a gauge takes a finite number, got ${describe(value)}`);
  };
  return {
    set: (value, labels) => put(series.cell(labels), value),
    bind(labels) {
      const cell = follow(series, labels);
      return { set: (value) => put(cell(), value) };
    },
  };
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
export function histogram<Names extends string = never>(registry: MetricRegistry, options: HistogramOptions<Names>): Histogram<Names> {
  const within = histogramWithin(registry, options);
  return { observe: (value, labels) => within.observe(value, labels), bind: (labels) => within.bind(labels) };
}

/** A {@link Histogram} that can be told in which context a value was measured, when that is no longer the active one. */
export interface HistogramWithin<Names extends string> extends Histogram<Names> {
  observe(value: number, labels?: Labels<Names>, within?: Context): void;
}

/** {@link histogram} for the measurements of this package. */
export function histogramWithin<Names extends string>(registry: MetricRegistry, options: HistogramOptions<Names>): HistogramWithin<Names> {
  checkInstrument(options, ['buckets', 'exemplars']);
  const exemplars = booleanOption('exemplars', options.exemplars, registry.instrumentDefaults?.exemplars ?? false);
  const onMisuse = misuse(registry, options.name);
  const create = createBuckets(options.buckets ?? durationBuckets, exemplars);
  const series = createSeries<Buckets>({ ...registry.instrumentDefaults, ...options }, create, onMisuse);
  register(registry, options, 'histogram', series, (labels, cell) => histogramSamples(options.name, labels, cell), exemplars);
  const count = (cell: Buckets, value: number, within?: Context): void => {
    if (Number.isFinite(value)) cell.count(value, within);
    else onMisuse(`a histogram takes a finite number, got ${describe(value)}`);
  };
  return {
    observe: (value, labels, within) => count(series.cell(labels), value, within),
    bind(labels) {
      const cell = follow(series, labels);
      return { observe: (value) => count(cell(), value) };
    },
  };
}
