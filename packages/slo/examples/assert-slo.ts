/**
 * What samples of a test say about an objective: met, missed, or too few to tell.
 * Run: node --conditions=@nines/source packages/slo/examples/assert-slo.ts
 */
import { defineSlo, rolling, SloError } from '@nines/slo';
import { assertSlo, sloMatchers } from '@nines/slo/matchers';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('30d') });

for (const samples of [
  { total: 1_000, bad: 2 },
  { total: 1_000, bad: 30 },
  { total: 100, bad: 0 },
]) {
  try {
    console.log(assertSlo(samples, slo).message);
  } catch (error) {
    if (error instanceof SloError) console.log(`${error.code}: ${error.message}`);
  }
}

// With vitest or jest: expect.extend(sloMatchers); expect(samples).toMeetSlo(slo)
console.log(Object.keys(sloMatchers).join(', '));
