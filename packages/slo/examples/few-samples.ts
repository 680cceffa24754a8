/**
 * What few samples say about an objective, and how many it takes.
 * Run: node --conditions=@nines/source packages/slo/examples/few-samples.ts
 */
import { alertFires, defineSlo, minimumSamples, rolling, verdict, wilson } from '@nines/slo';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('30d') });

console.log('samples for a pass without an error:', minimumSamples(slo), 'with one:', minimumSamples(slo, { bad: 1 }));
console.log(verdict(slo, { total: 100, bad: 0 }));
console.log(verdict(slo, { total: 1_000, bad: 4 }).outcome, verdict(slo, { total: 1_000, bad: 16 }).outcome);
console.log('looked at after each batch:', verdict(slo, { total: 1_000, bad: 4, method: 'sequential' }).outcome);
console.log('one of ten requests failed, true ratio between', wilson({ total: 10, bad: 1 }));
console.log(
  'does that page?',
  alertFires(slo, { total: 10, bad: 1, factor: 6 }),
  alertFires(slo, { total: 10, bad: 1, factor: 6, confidence: '98%' }),
);
