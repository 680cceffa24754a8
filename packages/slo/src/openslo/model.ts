/** What every document has. */
export interface OpenSloMetadata {
  readonly name: string;
  readonly displayName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Where a metric comes from; of the data sources only Prometheus. */
export interface OpenSloMetric {
  readonly metricSource: {
    readonly metricSourceRef?: string;
    readonly type?: 'Prometheus';
    readonly spec: { readonly query: string };
  };
}

/** What is measured. Either `ratioMetric` or `thresholdMetric`. */
export interface OpenSloIndicatorSpec {
  readonly description?: string;
  readonly ratioMetric?: {
    readonly counter: boolean;
    readonly good?: OpenSloMetric;
    readonly bad?: OpenSloMetric;
    readonly total: OpenSloMetric;
  };
  readonly thresholdMetric?: OpenSloMetric;
}

/** An indicator within an SLO. */
export interface OpenSloIndicator {
  readonly metadata: OpenSloMetadata;
  readonly spec: OpenSloIndicatorSpec;
}

/** The objective of an SLO. */
export interface OpenSloObjective {
  readonly displayName?: string;
  readonly op?: 'lte' | 'gte' | 'lt' | 'gt';
  readonly value?: number;
  readonly target?: number;
  readonly targetPercent?: number;
  readonly timeSliceTarget?: number;
  readonly timeSliceWindow?: string;
}

/** Over which time an SLO is judged. */
export interface OpenSloTimeWindow {
  readonly duration: string;
  readonly isRolling: boolean;
  readonly calendar?: { readonly startTime: string; readonly timeZone: string };
}

/** A document of OpenSLO v1, of the kinds that are supported here. */
export type OpenSloDocument =
  | {
      readonly apiVersion: 'openslo/v1';
      readonly kind: 'Service';
      readonly metadata: OpenSloMetadata;
      readonly spec?: { readonly description?: string };
    }
  | { readonly apiVersion: 'openslo/v1'; readonly kind: 'SLI'; readonly metadata: OpenSloMetadata; readonly spec: OpenSloIndicatorSpec }
  | OpenSloSlo;

/** An SLO. */
export interface OpenSloSlo {
  readonly apiVersion: 'openslo/v1';
  readonly kind: 'SLO';
  readonly metadata: OpenSloMetadata;
  readonly spec: {
    readonly description?: string;
    readonly service: string;
    readonly indicator?: OpenSloIndicator;
    readonly indicatorRef?: string;
    readonly timeWindow: readonly [OpenSloTimeWindow];
    readonly budgetingMethod: 'Occurrences' | 'Timeslices';
    readonly objectives: readonly [OpenSloObjective];
  };
}
