import { expect, test } from 'vitest';
import { googleSre } from '@nines/slo';
import { simulate, traffic } from '@nines/slo/simulate';
import { seeded } from '../src/simulate/random.ts';
import { anyOutage, caseOf, countedSlo, rulesText, shortened } from '../../../tools/soak/slo/outage-cases.ts';
import { hasPromtool } from '../../../tools/soak/slo/promtool.ts';
import { differences, firingMap, promtoolFirings } from '../../../tools/soak/slo/promtool-firings.ts';

const stepSeconds = 15;
const evaluations = 110;
/** The same worlds in each run; the soak draws others. */
const seed = 4;

const carefully = googleSre({ windows: shortened.windows, lowTraffic: { confidence: '95%' } });

test.skipIf(!hasPromtool).for([
  ['constant traffic', '99.9%', traffic.constant({ perSecond: 20 }), shortened],
  ['diurnal traffic', '99%', traffic.diurnal({ perSecond: 5 }), shortened],
  ['bursty traffic', '99.5%', traffic.bursty({ perSecond: 20, burst: '1m' }), shortened],
  ['low traffic', '99%', traffic.low({ perHour: 900 }), carefully],
] as const)('five outages in %s: the simulator fires when promtool does, within one evaluation', async ([, objective, model, alerting]) => {
  const random = seeded(seed + Math.round(model.perSecond));
  const slo = countedSlo(objective, alerting);
  const worlds = Array.from({ length: 5 }, (_each, index) =>
    simulate(slo, {
      outages: [anyOutage(random, 60, slo.budget)],
      traffic: model,
      background: slo.budget / 50,
      step: `${stepSeconds}s`,
      over: `${(evaluations - 1) * stepSeconds}s`,
      seed: seed + index,
    }),
  );
  const theirs = await promtoolFirings(
    rulesText(slo),
    stepSeconds,
    worlds.map(({ history }) => caseOf(history)),
  );
  const found = worlds.flatMap(({ firings, outages }, index) =>
    differences(firingMap(firings, stepSeconds, evaluations), theirs[index]!, 1).map((text) => `${text} ${JSON.stringify(outages)}`),
  );
  expect(found).toEqual([]);
  expect(theirs.filter((map) => map.size > 0).length).toBeGreaterThanOrEqual(2);
});
