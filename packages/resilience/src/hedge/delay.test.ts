import { describe, expect, test } from 'vitest';
import { type Clock, pipeline, timeout } from '@nines/resilience';
import { hedge, type HedgeSnapshot, quantile } from '@nines/resilience/hedge';
import { FakeClock, seededRandom } from '@nines/resilience/testing';
import { LatencySketch } from './latency-sketch.ts';

/** The value of rank q · (n − 1), as the sketch's source defines a quantile. */
function exact(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? Number.NaN;
}

describe('LatencySketch', () => {
  test.each([
    ['uniform', (random: () => number) => 1 + 99 * random()],
    ['exponential', (random: () => number) => -20 * Math.log(1 - random())],
    ['bimodal', (random: () => number) => (random() < 0.9 ? 10 : 200) * (0.9 + 0.2 * random())],
    ['over nine decades', (random: () => number) => 10 ** (9 * random() - 1.9)],
  ])('knows quantiles of %s values to 2 %, never too low', (_name, draw) => {
    for (const seed of [1, 2, 3]) {
      const random = seededRandom(seed);
      const values = Array.from({ length: 3_200 }, () => draw(random));
      for (const q of [0.01, 0.5, 0.9, 0.95, 0.99]) {
        const sketch = new LatencySketch(q, 1_000_000);
        let lookedAt = 0;
        let last = Number.NaN;
        for (const [i, value] of values.entries()) {
          sketch.record(value);
          if (sketch.valueMs === last) continue;
          last = sketch.valueMs;
          lookedAt = i + 1;
        }
        // The sketch looks once in 64 values; if it saw a change last at `lookedAt`, that is the truth of then.
        const truth = exact(values.slice(0, lookedAt), q);
        expect(last / truth, `seed ${seed}, q ${q}`).toBeGreaterThan(0.9999);
        expect(last / truth, `seed ${seed}, q ${q}`).toBeLessThan(1.0201);
      }
    }
  });

  test('forgets: after a step change it follows within its memory', () => {
    const sketch = new LatencySketch(0.95, 1_000);
    for (let i = 0; i < 5_000; i++) sketch.record(10);
    expect(sketch.valueMs).toBeGreaterThanOrEqual(10);
    expect(sketch.valueMs).toBeLessThan(10.2);
    for (let i = 0; i < 200; i++) sketch.record(100);
    expect(sketch.valueMs).toBeGreaterThanOrEqual(100);
    // Back again: 5 % must have been forgotten, which takes three halvings of 500 each and a little.
    for (let i = 0; i < 2_500; i++) sketch.record(10);
    expect(sketch.valueMs).toBeLessThan(10.2);
  });

  test.each([
    [Number.NaN, 0.01],
    [-5, 0.01],
    [0, 0.01],
    [Number.POSITIVE_INFINITY, 2_147_483_647],
    [1e300, 2_147_483_647],
  ])('takes %s as the nearest time that there is', (value, ms) => {
    const sketch = new LatencySketch(0.5, 100);
    sketch.record(value);
    expect(Math.abs(sketch.valueMs / ms - 1)).toBeLessThan(0.05);
  });
});

describe('a delay by quantile', () => {
  function measured(clock: Clock = new FakeClock()) {
    const policies = [hedge({ delay: quantile(0.9, { minimumCalls: 10 }), maxExtraLoadRatio: 1 }), timeout({ attemptMs: 1_000 })];
    const p = pipeline('p', policies, { clock });
    const snapshot = () => p.snapshot().policies[0] as unknown as HedgeSnapshot;
    return { p, snapshot };
  }
  async function times(count: number, ms: number, clock: FakeClock, { p }: ReturnType<typeof measured>, error?: Error): Promise<void> {
    for (let i = 0; i < count; i++) {
      const call = p.executeOutcome(
        () =>
          new Promise((resolve, reject) => {
            clock.schedule(() => (error === undefined ? resolve(ms) : reject(error)), ms);
          }),
        { idempotent: true },
      );
      await clock.advance(ms);
      await call;
    }
  }

  test('hedges nothing until enough calls were measured, then after the quantile', async () => {
    const clock = new FakeClock();
    const one = measured(clock);
    await times(9, 50, clock, one);
    expect(one.snapshot()).toMatchObject({ delayMs: undefined, sent: 0 });
    await times(20, 50, clock, one);
    expect(one.snapshot().delayMs).toBeGreaterThanOrEqual(50);
    expect(one.snapshot().delayMs).toBeLessThan(51);
    await times(1, 100, clock, one);
    expect(one.snapshot().sent).toBeGreaterThanOrEqual(1);
  });

  test('each pipeline measures for itself, though they share the policy', async () => {
    const policy = hedge({ delay: quantile(0.9, { minimumCalls: 1 }) });
    const [a, b] = [pipeline('a', [policy]), pipeline('b', [policy])];
    await a.execute(() => 1, { idempotent: true });
    const delays = [a, b].map((p) => (p.snapshot().policies[0] as unknown as HedgeSnapshot).delayMs);
    expect(delays).toEqual([expect.any(Number), undefined]);
  });

  test('a quick failure is no latency, a timeout is one', async () => {
    const clock = new FakeClock();
    const one = measured(clock);
    await times(40, 50, clock, one);
    await times(200, 1, clock, one, new Error('refused'));
    expect(one.snapshot().delayMs).toBeGreaterThanOrEqual(50);
    for (let i = 0; i < 40; i++) {
      const call = one.p.executeOutcome(() => new Promise(() => {}), { idempotent: true });
      await clock.advance(2_200);
      await call;
    }
    expect(one.snapshot().delayMs).toBeGreaterThan(900);
  });

  test('a run that a hedge overtook counts with the time it had taken: the delay does not stay too short', async () => {
    const clock = new FakeClock();
    const one = measured(clock);
    await times(40, 10, clock, one);
    expect(one.snapshot().delayMs).toBeLessThan(11);
    // One in two hangs and is rescued 10 ms after its hedge was sent: the slowest tenth takes far longer than 10 ms now.
    for (let i = 0; i < 200; i++) {
      const call = one.p.execute(
        (ctx) =>
          new Promise((resolve) => {
            if (i % 2 === 0 || ctx.hedge > 0) clock.schedule(() => resolve(i), 10);
          }),
        { idempotent: true },
      );
      await clock.advance(2_000);
      await call.catch(() => {});
    }
    expect(one.snapshot().delayMs).toBeGreaterThanOrEqual(20);
  });

  test('a clock that jumps back, or far ahead, breaks nothing', async () => {
    const clock = new FakeClock();
    let jump = 0;
    const jumping: Clock = { now: () => clock.now() + jump, epochMs: clock.epochMs, schedule: clock.schedule };
    const one = measured(jumping);
    for (jump of [0, -1e6, 1e12, -50, 3e9, 0]) await times(10, 20, clock, one);
    expect(Number.isFinite(one.snapshot().delayMs)).toBe(true);
    await clock.advance(1_000);
    expect(await one.p.execute(() => 'well', { idempotent: true })).toBe('well');
    expect(clock.pending).toBe(0);
  });
});
