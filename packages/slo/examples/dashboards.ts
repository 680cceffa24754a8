/**
 * Grafana dashboards as plain JSON, ready to be written into a file or sent to its API.
 * Run: node --conditions=@nines/source packages/slo/examples/dashboards.ts
 */
import { defineSlo, googleSre, rolling } from '@nines/slo';
import { errorBudgetDashboard, goldenSignalsDashboard } from '@nines/slo/grafana';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
const budgets = errorBudgetDashboard([slo], { title: 'Error budgets of the shop' });
const signals = goldenSignalsDashboard([
  {
    service: 'api',
    latency: 'http_request_duration_seconds',
    traffic: 'http_requests_total',
    errors: 'http_requests_total{code=~"5.."}',
    saturation: [{ title: 'event loop', query: 'nodejs_eventloop_utilization_ratio', unit: 'percentunit' }],
  },
]);

for (const { title, panels } of [budgets, signals]) {
  console.log(title);
  for (const { type, title: name, targets = [] } of panels) console.log(`  ${type}: ${name}, ${targets.length} queries`);
}
