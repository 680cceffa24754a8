import { describe, expect, test } from 'vitest';
import { bulkhead, pipeline, type Policy, retry, timeout } from '@nines/resilience';
import { adaptiveLimit, type AdaptiveLimitOptions, loadShedding, type LoadSheddingOptions } from '@nines/resilience/limit';
import { rateLimit } from '@nines/resilience/throttle';
import { limited, NO_SHARES } from '../../test/limited.ts';

describe.each<[string, Policy]>([
  ['loadShedding', loadShedding({ maxConcurrent: 2, shedFrom: NO_SHARES })],
  ['adaptiveLimit', adaptiveLimit({ minLimit: 2, maxLimit: 2 })],
])('%s', (_name, policy) => {
  test('a call that timed out keeps its place until its function has ended: never more than the limit run', async () => {
    const { p, clock, limiter } = limited(policy, [], [timeout({ attemptMs: 10 })]);
    let running = 0;
    let most = 0;
    const works = Array.from({ length: 12 }, () => Promise.withResolvers<void>());
    const kinds: string[] = [];
    for (const work of works) {
      const call = p.executeOutcome(async () => {
        running += 1;
        most = Math.max(most, running);
        await work.promise;
        running -= 1;
      });
      await clock.advance(10);
      kinds.push((await call).kind);
    }
    expect(kinds).toEqual(['transient', 'transient', ...Array.from({ length: 10 }, () => 'rejected')]);
    expect([most, limiter()?.inFlight]).toEqual([2, 2]);
    for (const work of works) work.resolve();
    await clock.advance(0);
    expect([running, limiter()?.inFlight, await p.execute(() => 'up')]).toEqual([0, 0, 'up']);
  });

  test('functions that throw at once, or reject with what is no error, give their place back', async () => {
    const { p, limiter } = limited(policy);
    await p.executeOutcome(() => {
      throw undefined;
    });
    await p.executeOutcome(() => Promise.reject('no error'));
    expect(limiter()?.inFlight).toBe(0);
  });

  test('takes the place of a bulkhead: either, not both, and a rate limit stands inside', () => {
    expect(() => pipeline('p', [bulkhead({ maxConcurrent: 1 }), policy])).toThrow('one bulkhead policy is enough');
    expect(() => pipeline('p', [rateLimit({ permitsPerSecond: 1 }), policy])).toThrow('must stand outside of rate-limit');
    expect(pipeline('p', [policy, retry()]).describe().policies[0]?.kind).toBe('bulkhead');
  });
});

describe('options', () => {
  test('defaults of adaptiveLimit', () => {
    const common = { minLimit: 20, maxLimit: 200, initialLimit: 20, windowMs: 100, maxQueue: 0, maxWaitMs: 1_000, shedFrom: NO_SHARES };
    expect(adaptiveLimit().options).toEqual({
      ...common,
      algorithm: 'gradient',
      tolerance: 1.5,
      smoothing: 0.2,
      queueSize: 4,
      longWindowMs: 600_000,
    });
    expect(adaptiveLimit({ algorithm: 'aimd' }).options).toEqual({
      ...common,
      algorithm: 'aimd',
      backoffRatio: 0.9,
      dropRateThreshold: 0.05,
    });
    expect(adaptiveLimit({ minLimit: 1, maxLimit: 10 }).options).toMatchObject({ initialLimit: 10 });
    expect(adaptiveLimit({ minLimit: 50 }).options).toMatchObject({ initialLimit: 50 });
    expect(adaptiveLimit({ shedFrom: { sheddable: 0.1 } }).options).toMatchObject({
      shedFrom: { 'critical+': 1, critical: 0.9, 'sheddable+': 0.7, sheddable: 0.1 },
    });
  });

  test.each([
    [null, 'adaptiveLimit: options must be an object, got null'],
    [[], 'adaptiveLimit: options must be an object, got an array'],
    [{ algorithm: 'vegas' }, 'adaptiveLimit: algorithm must be one of gradient, aimd, got "vegas"'],
    [{ minLimit: 0 }, 'adaptiveLimit: minLimit must be a whole number from 1 to 1000000, got 0'],
    [{ minLimit: '5' }, 'adaptiveLimit: minLimit must be a whole number'],
    [{ maxLimit: 19 }, 'adaptiveLimit: maxLimit must be a whole number from 20 to 1000000, got 19'],
    [{ initialLimit: 201 }, 'adaptiveLimit: initialLimit must be a whole number from 20 to 200, got 201'],
    [{ windowMs: 9 }, 'adaptiveLimit: windowMs must be a whole number from 10 to 60000, got 9'],
    [{ tolerance: 0.9 }, 'adaptiveLimit: tolerance must be a number from 1 to 10, got 0.9'],
    [{ smoothing: 0 }, 'adaptiveLimit: smoothing must be a number above 0 and up to 1, got 0'],
    [{ queueSize: -1 }, 'adaptiveLimit: queueSize must be a number from 0 to 1000, got -1'],
    [{ queueSize: Number.NaN }, 'adaptiveLimit: queueSize must be'],
    [{ longWindowMs: 1 }, 'adaptiveLimit: longWindowMs must be a whole number from 1000'],
    [{ backoffRatio: 0.9 }, 'adaptiveLimit: unknown option "backoffRatio"'],
    [{ algorithm: 'aimd', tolerance: 2 }, 'adaptiveLimit: unknown option "tolerance"'],
    [{ algorithm: 'aimd', backoffRatio: 1 }, 'adaptiveLimit: backoffRatio must be a number above 0 and below 1, got 1'],
    [{ algorithm: 'aimd', dropRateThreshold: 0 }, 'adaptiveLimit: dropRateThreshold must be a number above 0 and up to 1, got 0'],
    [{ algorithm: 'aimd', slowMs: 0 }, 'adaptiveLimit: slowMs must be a whole number from 1'],
    [{ maxQueue: -1 }, 'adaptiveLimit: maxQueue must be a whole number from 0 to 1000000, got -1'],
    [{ maxWaitMs: 0 }, 'adaptiveLimit: maxWaitMs must be a whole number from 1'],
    [{ shedFrom: 0.5 }, 'adaptiveLimit: shedFrom must be an object, got 0.5'],
    [{ shedFrom: { sheddable: 0.8 } }, 'adaptiveLimit: shedFrom.sheddable must be above 0 and at most 0.7, got 0.8'],
    [{ shedFrom: { urgent: 1 } }, 'adaptiveLimit: unknown criticality urgent in shedFrom'],
  ])('adaptiveLimit refuses %o', (options, message) => {
    expect(() => adaptiveLimit(options as AdaptiveLimitOptions)).toThrow(message);
  });

  test.each([
    [undefined, 'loadShedding: maxConcurrent must be a whole number from 1 to 1000000, got undefined'],
    [{ maxConcurrent: 0 }, 'loadShedding: maxConcurrent must be'],
    [{ maxConcurrent: 1, maxQueue: 0.5 }, 'loadShedding: maxQueue must be'],
    [{ maxConcurrent: 1, maxWaitMs: Number.NaN }, 'loadShedding: maxWaitMs must be'],
    [{ maxConcurrent: 1, shedFrom: { critical: 0 } }, 'loadShedding: shedFrom.critical must be above 0 and at most 1, got 0'],
    [{ maxConcurrent: 1, limit: 2 }, 'loadShedding: unknown option "limit"'],
  ])('loadShedding refuses %o', (options, message) => {
    expect(() => loadShedding(options as LoadSheddingOptions)).toThrow(message);
  });
});
