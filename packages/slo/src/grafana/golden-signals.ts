import { SloError } from '@nines/slo';
import { checkOptions, checkText } from '../options.ts';
import { parseSelector, selectorText } from '../prometheus/promql.ts';
import { dashboard, type Dashboard, type PanelPlan, type RowPlan } from './dashboard.ts';
import { checked, readNames, type DashboardOptions } from './error-budget.ts';

/** How full something is. */
export interface SaturationSignal {
  readonly title: string;
  /** PromQL. */
  readonly query: string;
  /** Grafana's name of the unit, for example `percentunit`, `bytes`, `s`. Default `short`. */
  readonly unit?: string;
  /** What each line is called: `{{pod}}`. Default: all labels. */
  readonly legend?: string;
}

/** The four golden signals of one service. */
export interface GoldenSignals {
  readonly service: string;
  /** Selector of a classic histogram of seconds, without `_bucket`. */
  readonly latency: string;
  /** Selector of the counter of all events. */
  readonly traffic: string;
  /** Selector of the counter of the events that failed. */
  readonly errors: string;
  /** What fills up first: 1 to 6. */
  readonly saturation: readonly SaturationSignal[];
}

const mostServices = 50;

/**
 * A dashboard of the four golden signals: latency, traffic, errors and saturation of each service.
 *
 * Source: Google, Site Reliability Engineering, chapter 6, "The Four Golden Signals".
 *
 * @param services - 1 to 50 services
 * @returns plain JSON for Grafana 10 and later
 * @throws SloError `INVALID_OPTION`, `INVALID_PROMQL`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { goldenSignalsDashboard } from '@nines/slo/grafana';
 *
 * const dashboard = goldenSignalsDashboard([
 *   {
 *     service: 'api',
 *     latency: 'http_request_duration_seconds',
 *     traffic: 'http_requests_total',
 *     errors: 'http_requests_total{code=~"5.."}',
 *     saturation: [{ title: 'Event loop', query: 'nodejs_eventloop_lag_p99_seconds', unit: 's' }],
 *   },
 * ]);
 * console.log(dashboard.panels.map(({ title }) => title).join(', ')); // api, Latency, Traffic, Errors, Saturation: Event loop
 * ```
 */
export function goldenSignalsDashboard(services: readonly GoldenSignals[], options: DashboardOptions = {}): Dashboard {
  const named = readNames(options, { title: 'Golden signals', uid: 'nines-golden-signals' });
  if (!Array.isArray(services) || services.length < 1 || services.length > mostServices) {
    throw new SloError(
      'INVALID_OPTION',
      `a dashboard needs 1 to ${mostServices} services, got ${Array.isArray(services) ? services.length : typeof services}`,
    );
  }
  const description = 'Latency, traffic, errors and saturation of each service.';
  return checked(dashboard({ ...named, description, tags: ['golden-signals', 'nines'] }, services.map(rowOf)));
}

function rowOf(signals: GoldenSignals, index: number): RowPlan {
  const at = `services[${index}]`;
  checkOptions(at, signals, ['service', 'latency', 'traffic', 'errors', 'saturation']);
  const { saturation } = signals;
  if (!Array.isArray(saturation) || saturation.length < 1 || saturation.length > 6) {
    throw new SloError('INVALID_OPTION', `${at}.saturation must be a list of 1 to 6 signals`);
  }
  const histogram = parseSelector(`${at}.latency`, signals.latency);
  const buckets = selectorText({ ...histogram, metric: `${histogram.metric}_bucket` });
  const rate = (name: 'traffic' | 'errors') => `sum(rate(${selectorText(parseSelector(`${at}.${name}`, signals[name]))}[5m]))`;
  const quantile = (q: number) => ({ expr: `histogram_quantile(${q}, sum by (le) (rate(${buckets}[5m])))`, legend: `p${q * 100}` });
  return {
    title: checkText(`${at}.service`, signals.service, 100),
    panels: [
      lines('Latency', 's', [0.5, 0.95, 0.99].map(quantile)),
      lines('Traffic', 'reqps', [{ expr: rate('traffic'), legend: 'events a second' }]),
      lines('Errors', 'percentunit', [
        { expr: `(${rate('errors')} or ${rate('traffic')} * 0) / (${rate('traffic')} > 0)`, legend: 'share of events' },
      ]),
      ...saturation.map((signal, nth) => saturationPanel(`${at}.saturation[${nth}]`, signal)),
    ],
  };
}

function saturationPanel(at: string, signal: SaturationSignal): PanelPlan {
  checkOptions(at, signal, ['title', 'query', 'unit', 'legend']);
  const title = `Saturation: ${checkText(`${at}.title`, signal.title, 100)}`;
  return lines(title, signal.unit ?? 'short', [{ expr: checkText(`${at}.query`, signal.query, 2_000), legend: signal.legend ?? '' }]);
}

function lines(title: string, unit: string, queries: PanelPlan['queries']): PanelPlan {
  return { type: 'timeseries', title, width: 6, height: 8, queries, field: { unit, min: 0 } };
}
