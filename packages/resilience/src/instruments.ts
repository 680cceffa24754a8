import { ResilienceError } from '@nines/resilience';
import { checkNames, Metric, type MetricRegistry, registerOnce, type Sample } from './registry.ts';
import { type Labels, SeriesMap } from './series.ts';

/*
 * Counters, gauges and histograms on a registry that is handed in. No metrics client is imported.
 *
 *   counter.inc ───────┐
 *   gauge.set ─────────┼─▶ SeriesMap ─▶ Metric.get() ◀─ registry.metrics()
 *   histogram.observe ─┘    bounded      synchronous, reads memory only
 */

/** What every instrument is made from. */
export interface InstrumentOptions<L extends string> {
  /** Metric name, such as `orders_total`. Counters end in `_total`, durations in `_seconds`. */
  readonly name: string;
  /** One line that says what is counted. */
  readonly help: string;
  /** Label names. Keep their values few: an instrument holds at most {@link MAX_SERIES} series. */
  readonly labels: readonly L[];
}

/** A value of a gauge, as its `collect` function gives it. */
export interface GaugeSample<L extends string> {
  readonly labels: Labels<L>;
  readonly value: number;
}

/** Gives the values of now. Must be quick and cannot wait. */
export type GaugeCollector<L extends string> = () => Iterable<GaugeSample<L>>;

/** What a gauge is made from. */
export interface GaugeOptions<L extends string> extends InstrumentOptions<L> {
  /** Asked at each scrape. Samples with the same labels, from one or several collectors, are added up. */
  readonly collect?: GaugeCollector<L>;
}

/** What a histogram is made from. */
export interface HistogramOptions<L extends string> extends InstrumentOptions<L> {
  /** Upper bounds, rising. Default: {@link DURATION_BUCKETS_SECONDS}. */
  readonly buckets?: readonly number[];
}

/** A number that only rises. */
export interface Counter<L extends string> {
  /**
   * Adds `by`, 1 unless given.
   *
   * @throws ResilienceError `INVALID_OPTION` when `by` is below 0 or not finite.
   */
  inc(labels: Labels<L>, by?: number): void;
}

/** A number that rises and falls. */
export interface Gauge<L extends string> {
  /**
   * Stores the value.
   *
   * @throws ResilienceError `INVALID_OPTION` when the value is not a finite number.
   */
  set(labels: Labels<L>, value: number): void;
  /** Forgets one series. */
  remove(labels: Labels<L>): void;
  /** Adds a function asked at each scrape. Returns a function that takes it off again. */
  collectFrom(collector: GaugeCollector<L>): () => void;
}

/** Counts values by size. */
export interface Histogram<L extends string> {
  /**
   * Counts one value.
   *
   * @throws ResilienceError `INVALID_OPTION` when the value is not a finite number.
   */
  observe(labels: Labels<L>, value: number): void;
  /** Shows a series with a count of 0 before anything was observed. */
  start(labels: Labels<L>): void;
}

/** Bounds that suit calls to a dependency, in seconds. */
export const DURATION_BUCKETS_SECONDS: readonly number[] = Object.freeze([
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]);

function checkValue(name: string, value: number, min: number): void {
  if (!Number.isFinite(value) || value < min) {
    const wanted = min === 0 ? 'a finite number from 0' : 'a finite number';
    throw new ResilienceError('INVALID_OPTION', `metric ${name}: value must be ${wanted}, got ${String(value)}`);
  }
}

/**
 * A counter on the registry. The same name on the same registry gives the same counter.
 *
 * @throws ResilienceError `INVALID_OPTION` when the name is taken by another type or other labels.
 *
 * @example
 * ```ts
 * import { Registry } from 'prom-client';
 * import { counter } from '@nines/resilience/prometheus';
 *
 * const registry = new Registry();
 * const orders = counter(registry, { name: 'orders_total', help: 'Orders taken', labels: ['shop'] });
 * orders.inc({ shop: 'north' });
 * console.log((await registry.metrics()).includes('orders_total{shop="north"} 1')); // true
 * ```
 */
export function counter<const L extends string>(registry: MetricRegistry, options: InstrumentOptions<L>): Counter<L> {
  const { name, help, labels } = options;
  const shape = `counter(${labels.join(',')})`;
  checkNames(name, labels);
  return registerOnce(registry, name, shape, () => {
    const series = new SeriesMap<L, { value: number }>(labels, () => ({ value: 0 }));
    const samples = (): Sample[] => Array.from(series.values(), (one) => ({ labels: { ...one.labels }, value: one.state.value }));
    const instrument: Counter<L> = {
      inc(labels, by = 1) {
        checkValue(name, by, 0);
        series.atOrOverflow(labels).value += by;
      },
    };
    return { instrument, metric: new Metric({ name, help, type: 'counter', shape, samples, reset: () => series.clear() }) };
  });
}

/** Stored values and collected values, added up per label set: a registry must not render one series twice. */
function gaugeSamples<L extends string>(
  labels: readonly L[],
  stored: SeriesMap<L, { value: number }>,
  collectors: ReadonlySet<GaugeCollector<L>>,
): Sample[] {
  const sums = new SeriesMap<L, { value: number }>(labels, () => ({ value: 0 }));
  const add = (at: Labels<L>, value: number): void => {
    const sum = sums.at(at);
    if (sum !== undefined) sum.value += value;
  };
  for (const one of stored.values()) add(one.labels, one.state.value);
  for (const collect of collectors) for (const sample of collect()) add(sample.labels, sample.value);
  return Array.from(sums.values(), (one) => ({ labels: { ...one.labels }, value: one.state.value }));
}

/**
 * A gauge on the registry. The same name on the same registry gives the same gauge; a second `collect` joins the first.
 *
 * @throws ResilienceError `INVALID_OPTION` when the name is taken by another type or other labels.
 *
 * @example
 * ```ts
 * import { Registry } from 'prom-client';
 * import { gauge } from '@nines/resilience/prometheus';
 *
 * const registry = new Registry();
 * const waiting = [1, 2, 3];
 * gauge(registry, { name: 'waiting', help: 'Items waiting', labels: [], collect: () => [{ labels: {}, value: waiting.length }] });
 * console.log((await registry.metrics()).includes('waiting 3')); // true
 * ```
 */
export function gauge<const L extends string>(registry: MetricRegistry, options: GaugeOptions<L>): Gauge<L> {
  const { name, help, labels, collect } = options;
  const shape = `gauge(${labels.join(',')})`;
  checkNames(name, labels);
  const made = registerOnce(registry, name, shape, () => {
    const stored = new SeriesMap<L, { value: number }>(labels, () => ({ value: 0 }));
    const collectors = new Set<GaugeCollector<L>>();
    const instrument: Gauge<L> = {
      set(labels, value) {
        checkValue(name, value, Number.NEGATIVE_INFINITY);
        const series = stored.at(labels);
        if (series !== undefined) series.value = value;
      },
      remove: (labels) => stored.delete(labels),
      collectFrom(collector) {
        collectors.add(collector);
        return () => void collectors.delete(collector);
      },
    };
    const samples = (): Sample[] => gaugeSamples(labels, stored, collectors);
    return { instrument, metric: new Metric({ name, help, type: 'gauge', shape, samples, reset: () => stored.clear() }) };
  });
  if (collect !== undefined) made.collectFrom(collect);
  return made;
}

interface Distribution {
  readonly counts: number[];
  count: number;
  sum: number;
}

/** The lines of one histogram series: cumulative buckets, `+Inf`, sum and count. */
function distributionSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  buckets: readonly number[],
  state: Distribution,
): Sample[] {
  let below = 0;
  const lines: Sample[] = buckets.map((bound, i) => {
    below += state.counts[i] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: below };
  });
  lines.push({ metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: state.count });
  lines.push({ metricName: `${name}_sum`, labels: { ...labels }, value: state.sum });
  lines.push({ metricName: `${name}_count`, labels: { ...labels }, value: state.count });
  return lines;
}

/**
 * A histogram on the registry. The same name on the same registry gives the same histogram.
 *
 * @throws ResilienceError `INVALID_OPTION` when the buckets do not rise, or the name is taken by another type, labels or buckets.
 *
 * @example
 * ```ts
 * import { Registry } from 'prom-client';
 * import { histogram } from '@nines/resilience/prometheus';
 *
 * const registry = new Registry();
 * const took = histogram(registry, { name: 'took_seconds', help: 'Time taken', labels: [], buckets: [0.1, 1] });
 * took.observe({}, 0.25);
 * console.log((await registry.metrics()).includes('took_seconds_bucket{le="1"} 1')); // true
 * ```
 */
export function histogram<const L extends string>(registry: MetricRegistry, options: HistogramOptions<L>): Histogram<L> {
  const { name, help, labels, buckets = DURATION_BUCKETS_SECONDS } = options;
  const shape = `histogram(${labels.join(',')};${buckets.join(',')})`;
  checkNames(name, labels);
  if (
    buckets.length === 0 ||
    buckets.some((bound, i) => !Number.isFinite(bound) || bound <= (buckets[i - 1] ?? Number.NEGATIVE_INFINITY))
  ) {
    throw new ResilienceError('INVALID_OPTION', `metric ${name}: buckets must be finite and rise, got ${buckets.join(', ') || 'none'}`);
  }
  return registerOnce(registry, name, shape, () => {
    const bounds = Object.freeze([...buckets]);
    const series = new SeriesMap<L, Distribution>(labels, () => ({ counts: Array.from(bounds, () => 0), count: 0, sum: 0 }));
    const samples = (): Sample[] => [...series.values()].flatMap((one) => distributionSamples(name, one.labels, bounds, one.state));
    const instrument: Histogram<L> = {
      observe(labels, value) {
        checkValue(name, value, Number.NEGATIVE_INFINITY);
        const state = series.atOrOverflow(labels);
        const at = bounds.findIndex((bound) => value <= bound);
        if (at >= 0) state.counts[at] = (state.counts[at] ?? 0) + 1;
        state.count += 1;
        state.sum += value;
      },
      start: (labels) => void series.atOrOverflow(labels),
    };
    return { instrument, metric: new Metric({ name, help, type: 'histogram', shape, samples, reset: () => series.clear() }) };
  });
}
