import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stopMany } from './main.ts';

test('twenty stops at random moments under load lose no span, no line, no sample and no request', async () => {
  const totals = await stopMany(20, 4, Date.now() % 2 ** 31);
  expect(totals.answered).toBeGreaterThan(20);
  expect(totals, `seed ${totals.seed}`).toMatchObject({ refusedOrReset: 0, lostSpans: 0, lostLines: 0, lostSamples: 0, unclean: 0 });
});

test('the checker sees what a service loses that leaves at once', async () => {
  const naive = fileURLToPath(new URL('fixtures/naive.ts', import.meta.url));
  const totals = await stopMany(2, 2, 1, undefined, naive);
  expect(totals.refusedOrReset).toBeGreaterThan(0);
  expect(totals.lostSpans).toBeGreaterThan(0);
  expect(totals.lostSamples).toBeGreaterThan(0);
  expect(totals.unclean).toBe(2);
});
