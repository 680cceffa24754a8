// What a dashboard of Google Cloud Monitoring may hold: only the fields that are generated here.
// Written from https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards.

/** A dashboard as `gcloud monitoring dashboards create --config-from-file` takes it. */
export interface CloudMonitoringDashboard {
  readonly displayName: string;
  readonly labels: Readonly<Record<string, ''>>;
  readonly mosaicLayout: { readonly columns: 48; readonly tiles: readonly Tile[] };
}

/** A widget and its place, in a grid of 48 columns; what is 0 may be left out, and is. */
export interface Tile {
  readonly xPos?: number;
  readonly yPos?: number;
  readonly width: number;
  readonly height: number;
  readonly widget: Widget;
}

export interface Widget {
  readonly title: string;
  /** One of these. */
  readonly xyChart?: XyChart;
  readonly scorecard?: Scorecard;
  readonly sectionHeader?: { readonly dividerBelow: boolean };
}

interface XyChart {
  readonly dataSets: readonly {
    readonly timeSeriesQuery: TimeSeriesQuery;
    readonly plotType: 'LINE' | 'STACKED_BAR';
    readonly legendTemplate?: string;
    readonly targetAxis: 'Y1';
  }[];
  readonly thresholds?: readonly { readonly value: number; readonly targetAxis: 'Y1' }[];
  readonly yAxis: { readonly scale: 'LINEAR' };
}

interface Scorecard {
  readonly timeSeriesQuery: TimeSeriesQuery;
  readonly thresholds?: readonly { readonly value: number; readonly color: 'RED' | 'YELLOW'; readonly direction: 'BELOW' }[];
}

export interface TimeSeriesQuery {
  readonly prometheusQuery: string;
  /** In UCUM: `s`, `By`, `10^2.%` for a ratio that is shown in per cent. */
  readonly unitOverride?: string;
}
