import { expect, test } from 'vitest';
import { scenarios } from './all.ts';
import { pairs, ratios } from './ratios.ts';

test('every figure that is compared is measured, and a ratio says how many times cheaper ours is', () => {
  const costs = scenarios.map(({ name: what, of, goalNs }, at) => ({ what, of, goalNs, median: at + 1, min: 0, max: 0 }));
  const all = ratios(costs);
  expect(all.map(({ ours, peer }) => `${ours} / ${peer}`)).toEqual(pairs.map(([ours, peer]) => `${ours} / ${peer}`));
  const median = (name: string): number => scenarios.findIndex((scenario) => scenario.name === name) + 1;
  for (const { ours, peer, times } of all) expect(times).toBe(median(peer) / median(ours));
  expect(ratios(costs.slice(0, 1))).toEqual([]);
});

test('no two scenarios have one name', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
});
