import { expect, test } from 'vitest';
import { report, type Sample } from './statistics.ts';

const samples = (good: number, bad: Partial<Sample> & { readonly count: number }): Sample[] => [
  ...Array.from({ length: good }, (_, index) => ({ ms: 1 + (index % 100), status: 202 })),
  ...Array.from({ length: bad.count }, () => ({ ms: bad.ms ?? 5, status: 'status' in bad ? bad.status : 503 })),
];
const verdicts = (list: readonly Sample[]) => report(list, 100, 30).objectives.map(({ name, verdict }) => `${name} ${verdict}`);

test('a verdict needs as many samples as the mathematics asks for, no more and no fewer', () => {
  expect(verdicts(samples(2995, { count: 0 }))).toEqual(['availability kept', 'latency kept']);
  expect(report(samples(2994, { count: 0 }), 100, 30)).toMatchObject({
    verdict: 'undecided',
    objectives: [{ verdict: 'undecided', samplesNeeded: 1 }, {}],
  });
  expect(report([], 100, 30)).toMatchObject({ verdict: 'undecided', requests: 0, latencyMs: { p99: 0 } });
});

test('refusals and missing answers break availability, late answers break latency, and the worst of both is the verdict', () => {
  expect(verdicts(samples(2995, { count: 30 }))).toEqual(['availability broken', 'latency kept']);
  expect(verdicts(samples(2995, { count: 12, status: undefined }))).toEqual(['availability broken', 'latency kept']);
  expect(verdicts(samples(2995, { count: 100, status: 202, ms: 251 }))).toEqual(['availability kept', 'latency broken']);
  expect(verdicts(samples(2995, { count: 100, status: 202, ms: 250 }))).toEqual(['availability kept', 'latency kept']);
  expect(report(samples(2995, { count: 100, status: 202, ms: 251 }), 100, 30).verdict).toBe('broken');
  // What is the caller's fault is a good answer of the api.
  expect(verdicts(samples(2995, { count: 100, status: 422 }))).toEqual(['availability kept', 'latency kept']);
});

test('percentiles are of the nearest rank, statuses are counted, and no answer has a name', () => {
  const { latencyMs, statuses, answeredPerSecond } = report(samples(200, { count: 1, status: undefined, ms: 900 }), 100, 2);
  expect(latencyMs).toEqual({ p50: 51, p90: 91, p99: 100, max: 900 });
  expect(statuses).toEqual({ 202: 200, none: 1 });
  expect(answeredPerSecond).toBe(100);
});
