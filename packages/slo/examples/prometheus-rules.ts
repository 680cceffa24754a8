/**
 * Rules of one objective for Prometheus: the files, the alerts with their thresholds, and what a linter says of a rule by hand.
 * Run: node --conditions=@nines/source packages/slo/examples/prometheus-rules.ts
 */
import { defineSlo, googleSre, rolling, sli } from '@nines/slo';
import { generateRules, lintRules, ruleGroups } from '@nines/slo/prometheus';

const slo = defineSlo({
  name: 'latency',
  service: 'api',
  objective: '99%',
  window: rolling('30d'),
  sli: sli.latency({ histogram: 'http_request_duration_seconds{route="/process"}', threshold: '0.25' }),
  alerting: googleSre(),
  runbook: 'https://example.com/runbooks/latency',
});

for (const { path, text } of generateRules([slo])) console.log(path, text.split('\n').length, 'lines');
for (const rule of ruleGroups(slo).flatMap(({ rules }) => rules)) {
  if ('alert' in rule) console.log(rule.labels?.['severity'], rule.labels?.['long_window'], rule.expr.match(/> [\d.]+/)?.[0]);
}

const byHand = [{ name: 'mine', rules: [{ alert: 'Slow', expr: 'up == 0', keep_firing_for: '5m', labels: { cluster: 'a' } }] }];
for (const { code, path } of lintRules(byHand, { target: 'Rules' })) console.log(code, path);
