import { describe, expect, test } from 'vitest';
import { bulkhead, pipeline, type PipelineEvent } from '@nines/resilience';
import { adaptiveThrottle, type AdaptiveThrottleOptions } from '@nines/resilience/throttle';
import { down, errorOf, newSeed, up } from '../../test/calls.ts';
import { FakeClock, seededRandom } from '@nines/resilience/testing';

function throttled(options: AdaptiveThrottleOptions = {}, random: () => number = () => 1) {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [adaptiveThrottle(options)], { clock, random, observer: { event: (event) => void events.push(event) } });
  const ratio = () => p.snapshot().policies[0]?.rejectionRatio;
  return { p, clock, events, ratio };
}

// Source: B. Beyer et al., Site Reliability Engineering, chapter 21 "Handling Overload", client request rejection probability.
describe('adaptiveThrottle, against the SRE book: p = max(0, (requests − k · accepts) / (requests + 1))', () => {
  test.each([
    [2, 0, 0, 0],
    [2, 10, 0, 0],
    [2, 5, 5, 0],
    [2, 5, 6, 1 / 12],
    [2, 0, 9, 9 / 10],
    [1.1, 10, 1, 0],
    [1.1, 10, 9, (19 - 11) / 20],
    [1, 50, 50, 50 / 101],
  ])('k = %d, %d accepted, %d not: %d', async (k, accepts, refused, p) => {
    const { p: pipe, ratio } = throttled({ k });
    for (let i = 0; i < accepts; i++) await pipe.execute(up);
    for (let i = 0; i < refused; i++) await pipe.executeOutcome(down);
    expect(ratio()).toBeCloseTo(p, 12);
  });

  test('refuses with that probability, and what it refuses counts as a request', async () => {
    let next = 1;
    const { p, events, ratio } = throttled({}, () => next);
    for (let i = 0; i < 3; i++) await p.executeOutcome(down);
    next = 0.749;
    const refused = await p.executeOutcome(up);
    expect(errorOf(refused)).toMatchObject({
      code: 'THROTTLED',
      policy: 'adaptive-throttle',
      message: 'p: the dependency refuses too much',
    });
    expect(events.filter((event) => event.type === 'rejection')).toMatchObject([{ reason: 'throttled' }]);
    expect(ratio()).toBeCloseTo(4 / 5, 12);
    next = 0.8;
    expect(await p.execute(up)).toBe('up');
  });

  test('a dependency that accepts half gets about what it accepts times k, and a well one everything again', async () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    const { p, clock } = throttled({ k: 1.5, windowMs: 10_000 }, random);
    let sent = 0;
    let capacity = 0;
    const call = () => {
      sent += 1;
      capacity -= 1;
      if (capacity < 0) throw new Error('busy');
    };
    const second = async (accepts: number): Promise<number> => {
      [sent, capacity] = [0, accepts];
      for (let i = 0; i < 100; i++) await p.executeOutcome(call);
      await clock.advance(1_000);
      return sent;
    };
    for (let i = 0; i < 20; i++) await second(20);
    let sum = 0;
    for (let i = 0; i < 20; i++) sum += await second(20);
    expect({ seed, fits: sum / 20 > 26 && sum / 20 < 34 }).toEqual({ seed, fits: true });
    for (let i = 0; i < 20; i++) await second(100);
    expect(await second(100)).toBe(100);
  });

  test('the window forgets', async () => {
    const { p, clock, ratio } = throttled({ windowMs: 24_000 });
    for (let i = 0; i < 9; i++) await p.executeOutcome(down);
    await clock.advance(22_999);
    expect(ratio()).toBe(0.9);
    await clock.advance(1_001);
    expect(ratio()).toBe(0);
  });

  test('what is ignored, or refused by a policy inside, counts for nothing', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [adaptiveThrottle(), bulkhead({ maxConcurrent: 1 })], { clock, classify: () => 'ignored' });
    const hung = p.executeOutcome(() => new Promise(() => {}), { signal: AbortSignal.timeout(1) });
    for (let i = 0; i < 10; i++) expect((await p.executeOutcome(up)).kind).toBe('rejected');
    await hung;
    expect(p.snapshot().policies[0]?.rejectionRatio).toBe(0);
  });

  test('refuses options it cannot keep', () => {
    expect(() => adaptiveThrottle({ k: 0.5 })).toThrow('adaptiveThrottle: k must be a number from 1 to 100, got 0.5');
    expect(() => adaptiveThrottle({ windowMs: 10 })).toThrow(
      'adaptiveThrottle: windowMs must be a whole number from 1000 to 2147483647, got 10',
    );
  });
});
