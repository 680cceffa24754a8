/**
 * Grafana dashboards as code: error budgets and golden signals, as plain JSON whose every query has been parsed.
 *
 * @packageDocumentation
 */
export type { Dashboard, DashboardVariable, Datasource, FieldDefaults, Panel, Target } from './grafana/dashboard.ts';
export { errorBudgetDashboard } from './grafana/error-budget.ts';
export type { DashboardOptions } from './grafana/error-budget.ts';
export { goldenSignalsDashboard } from './grafana/golden-signals.ts';
export type { GoldenSignals, SaturationSignal } from './grafana/golden-signals.ts';
