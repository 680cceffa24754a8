import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bulkhead, circuitBreaker, pipeline, retry, retryBudget } from '@nines/resilience';
import { hedge, quantile } from '@nines/resilience/hedge';
import { adaptiveLimit, loadShedding } from '@nines/resilience/limit';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { adaptiveThrottle } from '@nines/resilience/throttle';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = read('../README.md');

/** The rows of the table under a heading, as cells. */
function table(heading: string): string[][] {
  const section = readme.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const words = (cell: string | undefined): string[] => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

describe('README', () => {
  test('tells the true defaults', () => {
    const [again, breaker] = pipeline('p', [pRetry(), opossum()]).describe().policies;
    const rows = new Map(table('Options that matter').map(([option, value]) => [words(option)[0], value]));
    expect(rows.get('pRetry({ maxAttempts, backoff, retryAfter })')).toBe('as `retry`');
    // Those of `retry`, which the next test compares with its own rows.
    expect(again?.options).toMatchObject({ maxAttempts: 3, retryAfter: { maxMs: 30_000 } });
    expect(rows.get('opossum({ failureRateThreshold, minimumCalls, windowMs, openMs })')).toBe('0.5, 20, 10 000, 30 000');
    expect(rows.get('opossum({ probes, probeTimeoutMs, key, maxKeys })')).toBe('1, 10 000, one breaker, 1 000');
    expect(breaker?.options).toMatchObject({
      failureRateThreshold: 0.5,
      minimumCalls: 20,
      windowMs: 10_000,
      openMs: 30_000,
      probes: 1,
      probeTimeoutMs: 10_000,
      maxKeys: 1_000,
    });
  });

  test('tells the true defaults of the native policies', () => {
    const policies = [adaptiveThrottle(), bulkhead({ maxConcurrent: 1 }), retry(), circuitBreaker()];
    const [throttle, places, again, breaker] = pipeline('p', policies).describe().policies;
    const rows = new Map(
      table('Options that matter').map(([option, value]) => [words(option)[0], (value ?? '').replaceAll(/(\d) (\d)/g, '$1$2')]),
    );
    expect(throttle?.options).toEqual({ k: 2, windowMs: 120_000 });
    expect(rows.get('adaptiveThrottle({ k, windowMs })')).toBe('2, 120000');
    expect(places?.options).toEqual({ maxConcurrent: 1, maxQueue: 0, maxWaitMs: 1_000 });
    expect(rows.get('bulkhead({ maxConcurrent, maxQueue, maxWaitMs })')).toBe('required, 0, 1000');
    expect(again?.options).toMatchObject({ maxAttempts: Number(rows.get('retry({ maxAttempts })')), retryAfter: { maxMs: 30_000 } });
    expect(retryBudget().balance(0)).toBe(30);
    expect(rows.get('retryBudget({ ratio, minPerSecond })')).toBe('0.1, 3');
    expect(breaker?.options).toMatchObject({
      window: { type: 'time', ms: 10_000, buckets: 10 },
      failureRateThreshold: Number(rows.get('circuitBreaker({ failureRateThreshold })')),
      slowCallRateThreshold: 0.9,
      minimumCalls: Number(rows.get('circuitBreaker({ minimumCalls })')),
      halfOpen: { permits: 3, failureRateThreshold: 0.5, probeTimeoutMs: 10_000 },
      maxKeys: 1_000,
      metricsOnly: false,
    });
    expect(rows.get('circuitBreaker({ halfOpen: { permits, failureRateThreshold, probeTimeoutMs } })')).toBe('3, 0.5, 10000');
    expect(rows.get('circuitBreaker({ key, maxKeys, metricsOnly })')).toBe('one breaker, 1000, `false`');
  });

  test('tells the true defaults of hedge and of the limits', () => {
    const rows = new Map(
      table('Options that matter').map(([option, value]) => [words(option)[0], (value ?? '').replaceAll(/(\d) (\d)/g, '$1$2')]),
    );
    expect(hedge({ delay: quantile(0.95) }).options).toMatchObject({ delay: { minimumCalls: 100 }, maxHedges: 1, maxExtraLoadRatio: 0.05 });
    expect(rows.get('hedge({ maxHedges, maxExtraLoadRatio })')).toBe('1, 0.05');
    expect(adaptiveLimit().options).toMatchObject({ algorithm: 'gradient', initialLimit: 20, minLimit: 20, maxLimit: 200 });
    expect(rows.get('adaptiveLimit({ initialLimit, minLimit, maxLimit })')).toBe('20, 20, 200');
    expect(adaptiveLimit().options).toMatchObject({ windowMs: 100, longWindowMs: 600_000 });
    expect(rows.get('adaptiveLimit({ windowMs, longWindowMs })')).toBe('100, 600000');
    expect(adaptiveLimit({ algorithm: 'aimd' }).options).toMatchObject({ backoffRatio: 0.9, dropRateThreshold: 0.05 });
    expect(rows.get('adaptiveLimit({ backoffRatio, dropRateThreshold, slowMs })')).toBe('0.9, 0.05, none');
    expect(loadShedding({ maxConcurrent: 1 }).options).toMatchObject({
      maxQueue: 0,
      maxWaitMs: 1_000,
      shedFrom: { 'critical+': 1, critical: 0.9, 'sheddable+': 0.7, sheddable: 0.5 },
    });
    expect(rows.get('loadShedding({ shedFrom })')).toBe('critical+ 1, critical 0.9, sheddable+ 0.7, sheddable 0.5; none');
    expect(rows.get('loadShedding({ maxQueue, maxWaitMs })')).toBe('0, 1000');
  });
});
