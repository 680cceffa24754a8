import { expect, test } from 'vitest';
import { backtest, type QueryRangeAnswer } from '@nines/slo/backtest';
import { seeded } from '../src/simulate/random.ts';
import { countedSlo, messyCase, recorded, rulesText, shortened } from '../../../tools/soak/slo/outage-cases.ts';
import { hasPromtool } from '../../../tools/soak/slo/promtool.ts';
import { differences, firingMap, promtoolFirings } from '../../../tools/soak/slo/promtool-firings.ts';

const stepSeconds = 15;
const evaluations = 120;

test.skipIf(!hasPromtool)(
  'ten recordings with resets, gaps, stale series, late series and NaN: firing intervals are those of promtool',
  async () => {
    const slo = countedSlo('99.5%', shortened);
    const random = seeded(7);
    const cases = Array.from({ length: 10 }, () => messyCase(random, evaluations));
    const theirs = await promtoolFirings(rulesText(slo), stepSeconds, cases);
    const ours = cases.map((one) => {
      const [total, bad] = ['events', 'failures'].map((part) => recorded(one, stepSeconds, part) as QueryRangeAnswer);
      return backtest(slo, { total: total!, bad: bad!, step: `${stepSeconds}s` });
    });
    const found = ours.map(({ firings, history }, index) => {
      const shift = Math.round(history.startSeconds / stepSeconds);
      const readings = history.total.length + shift;
      return differences(firingMap(firings, stepSeconds, readings), upTo(theirs[index]!, readings), 0);
    });
    expect(found).toEqual(cases.map(() => []));
    expect(theirs.filter((map) => map.size > 0).length).toBeGreaterThanOrEqual(5);
    expect(ours.reduce((sum, { resets }) => sum + resets, 0)).toBeGreaterThan(5);
  },
);

/** A recording ends with its last sample; promtool looks on. */
function upTo(map: ReadonlyMap<string, readonly number[]>, end: number): ReadonlyMap<string, readonly number[]> {
  return new Map([...map].map(([name, at]) => [name, at.filter((evaluation) => evaluation < end)]));
}
