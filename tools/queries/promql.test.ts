import { expect, test } from 'vitest';
import { namesOf, withoutThresholds } from './promql.ts';

test.each([
  ['up', ['up'], []],
  ['sum by (le, queue) (rate(a_bucket{le="0.25",queue=~"x|by (y)"}[5m])) > 0', ['a_bucket'], ['le', 'queue']],
  ['a{x!="y"} and ignoring(slo_window) b or on(c) group_left(d) b', ['a', 'b'], ['x', 'slo_window', 'c', 'd']],
  ['vector(0.999)', [], []],
])('namesOf %s', (query, metrics, labels) => {
  expect(namesOf(query)).toEqual({ metrics, labels });
});

test('what is not PromQL is refused', () => {
  expect(() => namesOf('sum(up')).toThrow('not PromQL at character');
});

test.each([
  ['max(age{queue="> 60"}) > 60', 'max(age{queue="> 60"})'],
  ['(a > 0.0144) and ignoring(w) (b{w="5m"} >= bool 1e-3)', '(a) and ignoring(w) (b{w="5m"})'],
  ['a / (b > 0) == -1', 'a / (b)'],
  ['absent(a) * 5 - 1', 'absent(a) * 5 - 1'],
  ['a > b', 'a > b'],
])('withoutThresholds %s', (query, stripped) => {
  expect(withoutThresholds(query)).toBe(stripped);
});
