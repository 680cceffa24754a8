import type { Dashboard, FieldDefaults, Panel, Target } from '@nines/slo/grafana';
import type { CloudMonitoringDashboard, Tile, TimeSeriesQuery, Widget } from './cloud-monitoring-dashboard.ts';

/** Grafana's names of units in UCUM, which Cloud Monitoring reads. */
const UNITS: Readonly<Record<string, string | undefined>> = { s: 's', bytes: 'By', percentunit: '10^2.%', reqps: '1/s', short: undefined };
/** Both grids are cut alike; this one twice as fine. */
const FINER = 2;
const HEADING = 4;

/** The same dashboard, with the same queries, for Google Cloud Monitoring. */
export function cloudMonitoring({ title, tags, panels }: Dashboard): CloudMonitoringDashboard {
  let headings = 0;
  const tiles = panels.map((panel): Tile => {
    const { x, y, w, h } = panel.gridPos;
    const isHeading = panel.type === 'row';
    // A heading is taller here than there, so what is below moves down.
    const top = y * FINER + headings * (HEADING - FINER);
    if (isHeading) headings += 1;
    return {
      ...(x === 0 ? {} : { xPos: x * FINER }),
      ...(top === 0 ? {} : { yPos: top }),
      width: w * FINER,
      height: isHeading ? HEADING : h * FINER,
      widget: widgetOf(panel),
    };
  });
  return {
    displayName: title,
    labels: Object.fromEntries(tags.map((tag) => [tag, '' as const])),
    mosaicLayout: { columns: 48, tiles },
  };
}

function widgetOf({ type, title, targets = [], fieldConfig }: Panel): Widget {
  if (type === 'row') return { title, sectionHeader: { dividerBelow: true } };
  const field = fieldConfig?.defaults ?? { unit: 'short' };
  const [first] = targets;
  if (type === 'stat' && first !== undefined) {
    return { title, scorecard: { timeSeriesQuery: queryOf(first, field), ...levelsOf(field) } };
  }
  return {
    title,
    xyChart: {
      dataSets: targets.map((target) => ({
        timeSeriesQuery: queryOf(target, field),
        plotType: type === 'state-timeline' ? 'STACKED_BAR' : 'LINE',
        ...legendOf(target),
        targetAxis: 'Y1',
      })),
      ...linesOf(field),
      yAxis: { scale: 'LINEAR' },
    },
  };
}

function queryOf({ expr }: Target, { unit }: FieldDefaults): TimeSeriesQuery {
  if (!(unit in UNITS))
    throw new Error(`no unit of Cloud Monitoring is known for Grafana's ${unit}: add it to UNITS in cloud-monitoring.ts`);
  return { prometheusQuery: expr, ...(UNITS[unit] === undefined ? {} : { unitOverride: UNITS[unit] }) };
}

/** A legend made of labels is what Cloud Monitoring shows by itself. */
function legendOf({ legendFormat }: Target): { readonly legendTemplate?: string } {
  return legendFormat === '' || legendFormat.includes('{{') ? {} : { legendTemplate: legendFormat };
}

const steps = ({ thresholds }: FieldDefaults) =>
  (thresholds?.steps ?? []).flatMap(({ color, value }) => (value === null ? [] : [{ color, value }]));

/** Lines across a chart, such as the burn rates at which an alert fires. */
function linesOf(field: FieldDefaults): Pick<NonNullable<Widget['xyChart']>, 'thresholds'> {
  const lines = field.custom?.['thresholdsStyle'] === undefined ? [] : steps(field);
  return lines.length === 0 ? {} : { thresholds: lines.map(({ value }) => ({ value, targetAxis: 'Y1' })) };
}

/** Grafana names the colour from a value on, Cloud Monitoring the one below it, and has two: from which it is green is below which it is not. */
function levelsOf(field: FieldDefaults): Pick<NonNullable<Widget['scorecard']>, 'thresholds'> {
  const below = steps(field).map(({ value }, index, all) => ({
    value,
    color: index === 0 && all.length > 1 ? ('RED' as const) : ('YELLOW' as const),
    direction: 'BELOW' as const,
  }));
  return below.length === 0 ? {} : { thresholds: below };
}
