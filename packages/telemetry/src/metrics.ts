export { type Clock, systemClock, type Timer } from './clock.ts';
export { isTelemetryError, TelemetryError, type TelemetryErrorCode } from './errors.ts';
export { createRegistry } from './metrics/text-registry.ts';
export { collector, type Collector, type CollectorOptions, type SetValue } from './metrics/collector.ts';
export { goldenSignals, type GoldenSignals, type GoldenSignalsOptions } from './metrics/golden-signals.ts';
export {
  type ExpressRequest,
  type FastifyHooks,
  type FastifyReply,
  type FastifyRequest,
  httpServerMetrics,
  type HttpServerMetrics,
  type HttpServerMetricsOptions,
  type ObservedResponse,
  type ServedRequest,
} from './metrics/http-server.ts';
export {
  type BoundCounter,
  type BoundGauge,
  type BoundHistogram,
  counter,
  type Counter,
  durationBuckets,
  gauge,
  type Gauge,
  histogram,
  type Histogram,
  type HistogramOptions,
} from './metrics/instruments.ts';
export type { InstrumentOptions, Labels } from './metrics/labels.ts';
export type { Exemplar, InstrumentDefaults, MetricRegistry, MetricSample, RegisteredMetric } from './metrics/registry.ts';
export { runtimeMetrics } from './metrics/runtime.ts';
export { metricsHandler, type MetricsHandler, type ScrapeOptions, type ScrapeRequest, type ScrapeResponse } from './metrics/scrape.ts';
