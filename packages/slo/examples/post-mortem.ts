/**
 * From the counters around an incident to its post-mortem in Markdown, with the budget at each moment and the decision that follows.
 * Run: node --conditions=@nines/source packages/slo/examples/post-mortem.ts
 */
import { defineSlo, googleSre, pyrra, rolling } from '@nines/slo';
import { decide, incidentReport, postMortem, sloReport, toMarkdown } from '@nines/slo/report';
import { outage, simulate } from '@nines/slo/simulate';

const slo = defineSlo({ name: 'availability', service: 'checkout', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });

// In your code the history comes from backtest; here a simulation stands for it.
const { history, total, bad } = simulate(slo, { outages: [outage.ramp({ at: '29d', lasting: '1h', errorRatio: '60%' })] });
const startMs = 29 * 86_400_000;
const incident = incidentReport(slo, {
  title: 'Checkout fails after a migration',
  history,
  startMs,
  endMs: startMs + 3_600_000,
  timeline: [{ atMs: startMs + 2_700_000, text: 'The migration is rolled back' }],
  policies: { pyrra: pyrra({ period: '30d' }) },
});
const decision = decide(sloReport(slo, { atMs: startMs + 86_400_000, events: { total: Math.round(total), bad: Math.round(bad) } }));
const report = postMortem({
  incident,
  summary: 'A migration took a lock on the orders table for most of an hour.',
  impact: 'One checkout in three failed.',
  causes: ['The migration rewrites the table', 'Nothing refuses a migration that locks'],
  wentWell: ['The page came early'],
  actions: [{ kind: 'prevent', text: 'Refuse migrations that lock, in the build', owner: 'storage' }],
  decision,
});
console.log(toMarkdown(report));
