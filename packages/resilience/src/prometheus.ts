export { prometheus } from './metrics.ts';
export type { PrometheusOptions } from './metrics.ts';
export { counter, DURATION_BUCKETS_SECONDS, gauge, histogram } from './instruments.ts';
export type {
  Counter,
  Gauge,
  GaugeCollector,
  GaugeOptions,
  GaugeSample,
  Histogram,
  HistogramOptions,
  InstrumentOptions,
} from './instruments.ts';
export type { MetricRegistry, RegisteredMetric } from './registry.ts';
export { MAX_SERIES } from './series.ts';
export type { Labels } from './series.ts';
