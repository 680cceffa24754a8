import { describe, expect, test } from 'vitest';
import { pipeline, type PipelineEvent } from '@nines/resilience';
import { rateLimit, type RateLimitOptions } from '@nines/resilience/throttle';
import { errorOf, newSeed, up } from '../../test/calls.ts';
import { FakeClock, seededRandom } from '@nines/resilience/testing';

function limited(options: RateLimitOptions) {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [rateLimit(options)], { clock, observer: { event: (event) => void events.push(event) } });
  const permits = () => p.snapshot().policies[0]?.permits;
  return { p, clock, events, permits };
}

describe('rateLimit', () => {
  test('lets a burst through, then one for each interval, and says when', async () => {
    const { p, clock, events, permits } = limited({ permitsPerSecond: 10, burst: 3 });
    expect(permits()).toBe(3);
    for (let i = 0; i < 3; i++) await p.execute(up);
    expect(permits()).toBe(0);
    const refused = await p.executeOutcome(up);
    expect(errorOf(refused)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 100, message: 'p: more than 10 calls a second' });
    expect(refused.retryAfterMs).toBe(100);
    expect(events.filter((event) => event.type === 'rejection')).toMatchObject([
      { policy: 'rate-limit', reason: 'rate', retryAfterMs: 100 },
    ]);
    await clock.advance(99);
    expect((await p.executeOutcome(up)).kind).toBe('rejected');
    await clock.advance(1);
    expect(await p.execute(up)).toBe('up');
    await clock.advance(3_600_000);
    expect(permits()).toBe(3);
  });

  test('is a token bucket: the same calls pass as by counting tokens, over 20,000 random ones', async () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    const { p, clock } = limited({ permitsPerSecond: 8, burst: 5 });
    // Eighths of a token a millisecond are whole numbers: 8 / 1000 = 1 / 125.
    let parts = 5 * 125;
    const wrong: string[] = [];
    let passed = 0;
    for (let i = 0; i < 5_000; i++) {
      const ms = Math.floor(random() * 300);
      await clock.advance(ms);
      parts = Math.min(5 * 125, parts + ms);
      for (let j = 0; j < 4; j++) {
        const outcome = await p.executeOutcome(up);
        const allowed = parts >= 125;
        if (allowed) parts -= 125;
        if ((outcome.kind === 'success') !== allowed) wrong.push(`call ${i}.${j}`);
        if (!allowed && outcome.retryAfterMs !== 125 - parts) wrong.push(`call ${i}.${j}: ${outcome.retryAfterMs}`);
        passed += allowed ? 1 : 0;
      }
    }
    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    expect(passed).toBeGreaterThan(4_000);
  });

  test('burst is the rate rounded up when it is not given; a rate may be below one', async () => {
    expect([limited({ permitsPerSecond: 2.5 }).permits(), limited({ permitsPerSecond: 0.1 }).permits()]).toEqual([3, 1]);
    const { p } = limited({ permitsPerSecond: 0.1 });
    await p.execute(up);
    expect((await p.executeOutcome(up)).retryAfterMs).toBe(10_000);
  });

  test('refuses options it cannot keep', () => {
    expect(() => rateLimit(undefined as never)).toThrow(
      'rateLimit: permitsPerSecond must be a number from 0.001 to 1000000, got undefined',
    );
    expect(() => rateLimit({ permitsPerSecond: Number.NaN })).toThrow('got NaN');
    expect(() => rateLimit({ permitsPerSecond: 1, burst: 0 })).toThrow('rateLimit: burst must be a whole number from 1 to 1000000, got 0');
  });
});
