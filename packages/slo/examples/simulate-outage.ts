/**
 * What an alert policy does in an outage, before there is one: three policies, the same outage.
 * Run: node --conditions=@nines/source packages/slo/examples/simulate-outage.ts
 */
import { defineSlo, googleSre, pyrra, rolling } from '@nines/slo';
import { outage, simulate, traffic } from '@nines/slo/simulate';

const promise = { name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') };
const policies = {
  'four pairs': googleSre(),
  'one pair': googleSre({ windows: [{ severity: 'page', budget: '2%', longWindow: '1h', shortWindow: '5m' }] }),
  pyrra: pyrra({ period: '30d' }),
};
const outages = [
  outage.step({ at: '3d10h', lasting: '40m', errorRatio: '10%' }),
  outage.flapping({ at: '10d12h', lasting: '3h', errorRatio: '20%', period: '10m', duty: 0.3 }),
  outage.slowBurn({ at: '20d', lasting: '2d', burnRate: 7 }),
];

for (const [name, alerting] of Object.entries(policies)) {
  const { page } = simulate(defineSlo({ ...promise, alerting }), { outages, traffic: traffic.diurnal({ perSecond: 50 }) });
  const detection = page.outages.map(({ detectionSeconds }) => (detectionSeconds === undefined ? 'never' : `${detectionSeconds / 60} min`));
  console.log(
    `${name}: ${page.fired} pages, precision ${page.precision.toFixed(2)}, recall ${page.recall.toFixed(2)}, told after ${detection.join(', ')}`,
  );
}
