/** A measured value with the trace in which it was measured. */
export interface Exemplar {
  /** `trace_id` and `span_id`. */
  readonly labelSet: Readonly<Record<string, string>>;
  /** The value itself. */
  readonly value: number;
  /** When it was measured, in seconds since the epoch. */
  readonly timestamp: number;
}

/** One value of a metric as Prometheus clients exchange it. */
export interface MetricSample {
  /** The number itself. */
  readonly value: number;
  /** Label names and values. */
  readonly labels: Readonly<Record<string, string | number>>;
  /** The name of the series when it differs from the metric's, as in `…_bucket`. */
  readonly metricName?: string;
  /** A measurement that is part of the value, for OpenMetrics. */
  readonly exemplar?: Exemplar | undefined;
}

/** A metric as a registry holds it. `get` may be asynchronous. */
export interface RegisteredMetric {
  /** Full name, unit last. */
  readonly name: string;
  /** One line of help. */
  readonly help: string;
  /** `counter`, `gauge`, `histogram` or `summary`. */
  readonly type: string;
  /** The current values. */
  get(): unknown;
  /** Starts again from nothing. */
  reset(): void;
  /** The samples that `get` gave last, in order; only of a metric with exemplars. */
  lastSamples?(): readonly MetricSample[];
  /** Whether the values are of a collection that succeeded; only of a metric that is collected in the background. */
  up?(): boolean;
}

/** What the instruments of a registry take where they do not say it themselves. */
export interface InstrumentDefaults {
  /** Most series kept of each. Default 2000. */
  readonly seriesLimit?: number;
  /** Keep exemplars of histograms. Default false. */
  readonly exemplars?: boolean;
}

/**
 * The part of a Prometheus registry that this package uses. `Registry` of `prom-client` and of `@prometheus-io/client` both fit.
 */
export interface MetricRegistry {
  /** The `Content-Type` of the text. */
  readonly contentType: string;
  /** Only of a registry of this package. */
  readonly instrumentDefaults?: InstrumentDefaults;
  /** Adds a metric; refuses a second one of the same name. */
  registerMetric(metric: object): void;
  /** The metric of that name, if any. */
  getSingleMetric(name: string): unknown;
  /** The text of one metric. */
  getSingleMetricAsString(name: string): Promise<string>;
  /** All metrics, in order of registration. */
  getMetricsAsArray(): readonly object[];
  /** The text of all metrics. */
  metrics(): Promise<string>;
}
