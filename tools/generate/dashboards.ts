import type { Slo } from '@nines/slo';
import { errorBudgetDashboard, goldenSignalsDashboard, type GoldenSignals } from '@nines/slo/grafana';
import { cloudMonitoring } from './cloud-monitoring.ts';
import type { Generator, OutputFile } from './files.ts';

/** `deploy/dashboards`: what Grafana imports, and the same for Google Cloud Monitoring; every query has been parsed. */
export function dashboardsGenerator(objectives: readonly Slo[], signals: readonly GoldenSignals[]): Generator {
  const file = (name: string, dashboard: object): OutputFile => ({
    path: `deploy/dashboards/${name}.json`,
    text: `${JSON.stringify(dashboard, undefined, 2)}\n`,
  });
  return {
    name: 'dashboards',
    folders: ['deploy/dashboards'],
    files: () => {
      const made = {
        'error-budgets': errorBudgetDashboard(objectives, { title: 'Error budgets', uid: 'nines-error-budgets' }),
        'golden-signals': goldenSignalsDashboard(signals, { title: 'Golden signals', uid: 'nines-golden-signals' }),
      };
      return Object.entries(made).flatMap(([name, dashboard]) => [
        file(name, dashboard),
        file(`cloud-monitoring/${name}`, cloudMonitoring(dashboard)),
      ]);
    },
  };
}

/** The same dashboards inside of the chart, because Helm reads no file outside of it: for the Grafana that it can run. */
export function chartDashboardsGenerator(dashboards: Generator): Generator {
  return {
    name: 'dashboards of the chart',
    folders: ['deploy/chart/dashboards'],
    files: () =>
      dashboards.files().flatMap(({ path, text }) => {
        const name = /^deploy\/dashboards\/([\w-]+\.json)$/.exec(path)?.[1];
        return name === undefined ? [] : [{ path: `deploy/chart/dashboards/${name}`, text }];
      }),
  };
}
