import { describe, expect, it } from 'vitest';
import { hasPromtool } from '../../../tools/soak/slo/promtool.ts';
import { seed } from './property.ts';
import { randomFrom, ruleCase } from '../../../tools/soak/slo/rule-cases.ts';
import { complaintsAbout, killsOf, tableOf } from '../../../tools/soak/slo/rule-checks.ts';

// promtool comes with Debian's package prometheus. Without it these are skipped and counted.
describe.skipIf(!hasPromtool)('generated rules, in promtool', () => {
  it(`pass its checks and their own tests, for random targets, windows and policies (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    expect(await complaintsAbout(Array.from({ length: 6 }, (_, index) => ruleCase(random, index)))).toEqual([]);
  });

  // Fixed seeds: which mutants survive must not depend on the day.
  it('come with a test that notices when a rule is broken', async () => {
    const random = randomFrom(8);
    const kills = await killsOf(Array.from({ length: 3 }, (_, index) => ruleCase(random, index)));
    console.log(tableOf(kills));
    expect(kills.ratio).toBeGreaterThanOrEqual(0.95);
  });
});
