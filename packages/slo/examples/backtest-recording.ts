/**
 * What a policy would have done with what Prometheus recorded: here an hour of errors, and a process that restarts in it.
 * Run: node --conditions=@nines/source packages/slo/examples/backtest-recording.ts
 */
import { defineSlo, googleSre, rolling } from '@nines/slo';
import { backtest } from '@nines/slo/backtest';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });

// In your code: JSON.parse of a saved answer of /api/v1/query_range, or await fetchRecording(slo, { url, fromMs, toMs }).
const start = Date.UTC(2026, 2, 4) / 1_000;
const minutes = Array.from({ length: 1_440 }, (_, minute) => minute);
const sinceRestart = (minute: number) => (minute < 630 ? minute : minute - 630);
const inOutage = (minute: number) => Math.max(0, Math.min(minute, 660) - Math.max(600, minute < 630 ? 600 : 630));
const answer = (value: (minute: number) => number) => [
  { metric: { instance: 'api-0' }, values: minutes.map((minute) => [start + minute * 60, String(value(minute))]) },
];

const found = backtest(slo, { total: answer((minute) => sinceRestart(minute) * 600), bad: answer((minute) => inOutage(minute) * 30) });
for (const { alert, firedSeconds, resolvedSeconds } of found.firings) {
  const end = resolvedSeconds === undefined ? 'the end' : new Date(resolvedSeconds * 1_000).toISOString();
  console.log(`${alert}: ${new Date(firedSeconds * 1_000).toISOString()} until ${end}`);
}
console.log(`${found.resets} resets; ${found.bad} of ${found.total} events bad`);
