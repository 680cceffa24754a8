import { alertsOf, SloError, type Alert, type Slo } from '@nines/slo';
import { checkOptions, checkText } from '../options.ts';
import { alertName } from '../prometheus/names.ts';
import { recorded } from '../prometheus/period-rules.ts';
import { checkPromql, labelsText } from '../prometheus/promql.ts';
import { dashboard, type Dashboard, type PanelPlan, type RowPlan } from './dashboard.ts';

/** How a dashboard is called. */
export interface DashboardOptions {
  /** Default `Error budgets` or `Golden signals`. */
  readonly title?: string;
  /** Grafana's own key of it, at most 40 letters, digits, `-` and `_`. Default `nines-error-budgets` or `nines-golden-signals`. */
  readonly uid?: string;
}

const mostSlos = 100;

/**
 * A dashboard of error budgets: for each objective what is left, for how long, the burn rate in each alert window with the lines at which
 * it alerts, the events behind it, and when alerts fired. It reads what the rules of the `robust` layout record.
 *
 * @param slos - 1 to 100 objectives
 * @returns plain JSON for Grafana 10 and later
 * @throws SloError `INVALID_OPTION`, `INVALID_PROMQL`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling } from '@nines/slo';
 * import { errorBudgetDashboard } from '@nines/slo/grafana';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
 * console.log(errorBudgetDashboard([slo]).panels[1]?.targets?.[0]?.expr); // slo:error_budget_remaining:ratio{slo="availability",service="api"}
 * ```
 */
export function errorBudgetDashboard(slos: readonly Slo[], options: DashboardOptions = {}): Dashboard {
  const named = readNames(options, { title: 'Error budgets', uid: 'nines-error-budgets' });
  if (!Array.isArray(slos) || slos.length < 1 || slos.length > mostSlos) {
    throw new SloError(
      'INVALID_OPTION',
      `a dashboard needs 1 to ${mostSlos} objectives, got ${Array.isArray(slos) ? slos.length : typeof slos}`,
    );
  }
  const description = 'What is left of each error budget, how fast it burns, and when alerts fired.';
  return checked(dashboard({ ...named, description, tags: ['slo', 'nines'] }, slos.map(rowOf)));
}

/** Names a dashboard, or refuses a name that Grafana would. */
export function readNames(options: DashboardOptions, defaults: Required<DashboardOptions>): Required<DashboardOptions> {
  checkOptions('a dashboard', options, ['title', 'uid']);
  const { title, uid } = { ...defaults, ...options };
  if (!/^[\w-]{1,40}$/.test(uid)) {
    throw new SloError('INVALID_OPTION', `uid must be 1 to 40 letters, digits, - and _, got ${JSON.stringify(uid)}`);
  }
  return { title: checkText('title', title, 100), uid };
}

/** Every query goes through the PromQL parser before anyone sees it. */
export function checked(made: Dashboard): Dashboard {
  for (const { title, targets = [] } of made.panels) for (const { expr } of targets) checkPromql(`the query of panel ${title}`, expr);
  return Object.freeze(made);
}

function rowOf(slo: Slo): RowPlan {
  const own = labelsText({ slo: slo.name, service: slo.service });
  const ratio = (window: string) => `${recorded.errorRatio}${labelsText({ slo: slo.name, service: slo.service, slo_window: window })}`;
  const alerts = alertsOf(slo);
  const left = `${recorded.remaining}${own}`;
  return {
    title: `${slo.service}: ${slo.name}, ${slo.objective} over ${slo.window.duration}`,
    panels: [
      stat('Error budget left', left, {
        unit: 'percentunit',
        decimals: 1,
        thresholds: levels(['red', null], ['orange', 0], ['green', 0.25]),
      }),
      ...alerts
        .slice(0, 1)
        .map(({ longWindow }) =>
          stat(`The rest lasts, at the pace of the last ${longWindow}`, `${recorded.exhaustion}${own}`, { unit: 's' }),
        ),
      stat(`Good, over ${slo.window.duration}`, `1 - ${ratio(slo.window.duration)}`, {
        unit: 'percentunit',
        decimals: 3,
        thresholds: levels(['red', null], ['green', slo.target]),
      }),
      {
        type: 'timeseries',
        title: 'Error budget left',
        width: 15,
        height: 9,
        queries: [{ expr: left, legend: 'left' }],
        field: { unit: 'percentunit', max: 1, custom: { fillOpacity: 10 } },
      },
      ...(alerts.length === 0 ? [] : [burnPanel(slo, alerts, ratio), alertPanel(slo)]),
      {
        type: 'timeseries',
        title: 'Events of five minutes',
        width: 12,
        height: 7,
        queries:
          slo.sli?.type === undefined || eventsAreCounted(slo)
            ? countsOf(own, recorded.total, recorded.bad)
            : countsOf(own, recorded.totalSample, recorded.badSample),
        field: { unit: 'short', min: 0 },
      },
    ],
  };
}

function eventsAreCounted({ sli }: Slo): boolean {
  return sli?.type === 'ratio' || sli?.type === 'latency' || sli?.type === 'raw';
}

function countsOf(own: string, total: string, bad: string): PanelPlan['queries'] {
  return [
    { expr: `${total}${own}`, legend: 'all' },
    { expr: `${bad}${own}`, legend: 'bad' },
  ];
}

function burnPanel(slo: Slo, alerts: readonly Alert[], ratio: (window: string) => string): PanelPlan {
  const windows = [...new Set(alerts.flatMap(({ longWindow, shortWindow }) => [longWindow, shortWindow]))];
  const lines = [...new Set(alerts.map(({ factor }) => factor))].toSorted((a, b) => a - b);
  return {
    type: 'timeseries',
    title: 'Burn rate, in each alert window',
    description: `1 spends the budget exactly in ${slo.window.duration}. An alert fires when both of its windows are above its line: ${lines.join(', ')}.`,
    width: 12,
    height: 9,
    queries: windows.map((window) => ({ expr: `${ratio(window)} / ${slo.budget}`, legend: window })),
    field: {
      unit: 'short',
      min: 0,
      custom: { thresholdsStyle: { mode: 'line' } },
      thresholds: levels(['green', null], ...lines.map((line): [string, number] => ['red', line])),
    },
  };
}

function alertPanel(slo: Slo): PanelPlan {
  const which = labelsText({ alertname: alertName(slo), slo: slo.name, service: slo.service, alertstate: 'firing' });
  return {
    type: 'state-timeline',
    title: 'Alerts that fire',
    width: 12,
    height: 9,
    queries: [{ expr: `max by (severity, long_window) (ALERTS${which})`, legend: '{{severity}} {{long_window}}' }],
    field: { unit: 'short', thresholds: levels(['red', null]) },
  };
}

function stat(title: string, expr: string, field: PanelPlan['field']): PanelPlan {
  return { type: 'stat', title, width: 3, height: 9, queries: [{ expr, legend: '' }], field };
}

function levels(...steps: readonly (readonly [color: string, value: number | null])[]): NonNullable<PanelPlan['field']['thresholds']> {
  return { mode: 'absolute', steps: steps.map(([color, value]) => ({ color, value })) };
}
