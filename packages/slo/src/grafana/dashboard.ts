/** A dashboard as Grafana imports it: plain JSON. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly version: number;
  readonly editable: boolean;
  readonly graphTooltip: number;
  readonly timezone: string;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly DashboardVariable[] };
  readonly annotations: { readonly list: readonly never[] };
  readonly panels: readonly Panel[];
}

/** A choice at the top of a dashboard; here only which Prometheus is asked. */
export interface DashboardVariable {
  readonly name: string;
  readonly label: string;
  readonly type: 'datasource';
  readonly query: string;
  readonly refresh: number;
}

/** One picture of a dashboard, or the heading of a row. */
export interface Panel {
  readonly id: number;
  readonly type: 'row' | 'stat' | 'timeseries' | 'state-timeline';
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly collapsed?: boolean;
  readonly panels?: readonly never[];
  readonly datasource?: Datasource;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: FieldDefaults; readonly overrides: readonly never[] };
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Which Prometheus a panel asks: the one that the dashboard's variable names. */
export interface Datasource {
  readonly type: 'prometheus';
  readonly uid: string;
}

/** One query of a panel. */
export interface Target {
  readonly refId: string;
  readonly datasource: Datasource;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
  readonly range?: boolean;
}

/** How values are shown. */
export interface FieldDefaults {
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly thresholds?: {
    readonly mode: 'absolute';
    readonly steps: readonly { readonly color: string; readonly value: number | null }[];
  };
}

/** A panel before it has a place. Grafana's grid is 24 wide. */
export interface PanelPlan {
  readonly type: Exclude<Panel['type'], 'row'>;
  readonly title: string;
  readonly description?: string;
  readonly width: number;
  readonly height: number;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  readonly field: FieldDefaults;
}

/** Panels below one heading. */
export interface RowPlan {
  readonly title: string;
  readonly panels: readonly PanelPlan[];
}

const gridWidth = 24;
const datasource: Datasource = Object.freeze({ type: 'prometheus', uid: '${datasource}' });

/** Puts rows and panels into Grafana's grid, left to right, then down. */
export function dashboard(
  { uid, title, description, tags }: Pick<Dashboard, 'uid' | 'title' | 'description' | 'tags'>,
  rows: readonly RowPlan[],
): Dashboard {
  const panels: Panel[] = [];
  let top = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: top, w: gridWidth, h: 1 },
      panels: [],
    });
    top += 1;
    let [left, tallest] = [0, 0];
    for (const plan of row.panels) {
      if (left + plan.width > gridWidth) {
        top += tallest;
        [left, tallest] = [0, 0];
      }
      panels.push(panel(panels.length + 1, plan, left, top));
      left += plan.width;
      tallest = Math.max(tallest, plan.height);
    }
    top += tallest;
  }
  return {
    uid,
    title,
    description,
    tags,
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: 'utc',
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', refresh: 1 }] },
    annotations: { list: [] },
    panels,
  };
}

function panel(id: number, { type, title, description, width, height, queries, field }: PanelPlan, x: number, y: number): Panel {
  const instant = type === 'stat' ? { instant: true, range: false } : {};
  return {
    id,
    type,
    title,
    ...(description === undefined ? {} : { description }),
    gridPos: { x, y, w: width, h: height },
    datasource,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      legendFormat: legend,
      ...instant,
    })),
    fieldConfig: { defaults: field, overrides: [] },
    options: options[type],
  };
}

const options: Readonly<Record<PanelPlan['type'], Readonly<Record<string, unknown>>>> = {
  stat: { colorMode: 'value', graphMode: 'none', reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } },
  timeseries: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } },
  'state-timeline': { mergeValues: true, showValue: 'never', rowHeight: 0.8 },
};
