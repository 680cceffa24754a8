import type { Slo } from '@nines/slo';
import { errorBudgetDashboard, goldenSignalsDashboard, type GoldenSignals } from '@nines/slo/grafana';
import type { Generator } from './files.ts';

/** `deploy/dashboards`: what Grafana imports; every query has been parsed. */
export function dashboardsGenerator(objectives: readonly Slo[], signals: readonly GoldenSignals[]): Generator {
  const file = (name: string, dashboard: object) => ({
    path: `deploy/dashboards/${name}.json`,
    text: `${JSON.stringify(dashboard, undefined, 2)}\n`,
  });
  return {
    name: 'dashboards',
    folders: ['deploy/dashboards'],
    files: () => [
      file('error-budgets', errorBudgetDashboard(objectives, { title: 'Error budgets', uid: 'nines-error-budgets' })),
      file('golden-signals', goldenSignalsDashboard(signals, { title: 'Golden signals', uid: 'nines-golden-signals' })),
    ],
  };
}
