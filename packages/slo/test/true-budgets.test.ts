import { expect, it } from 'vitest';
import { hasPromtool } from '../../../tools/soak/slo/promtool.ts';
import { readBudgets } from '../../../tools/soak/slo/true-budgets.ts';

it.skipIf(!hasPromtool)(
  'the budget that the rules record is the true one, within a hundredth of the budget, whatever happens to the series',
  async () => {
    const readings = await readBudgets('robust');
    expect(readings.length).toBe(6);
    console.log(
      readings.map(({ name, truth, recorded }) => `${name}: true ${truth.toFixed(4)}, recorded ${recorded.toFixed(4)}`).join('\n'),
    );
    for (const { name, truth, recorded } of readings) expect(Math.abs(recorded - truth), name).toBeLessThanOrEqual(0.01);
  },
);
