import { setTimeout as realTimeout } from 'node:timers';
import { describe, expect, test } from 'vitest';
import { deadline, pipeline, timeout } from '@nines/resilience';
import { FakeClock, seededRandom } from '@nines/resilience/testing';

const never = (): Promise<never> => new Promise(() => {});

describe('FakeClock', () => {
  test('runs timers by time, those of one instant in the order they were set, and lets promises settle between', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    clock.schedule(() => seen.push('b'), 20);
    clock.schedule(() => void Promise.resolve().then(() => seen.push('a, settled')), 10);
    clock.schedule(() => seen.push('c'), 20);
    clock.schedule(() => seen.push('late'), 21);
    await clock.advance(20);
    expect(seen).toEqual(['a, settled', 'b', 'c']);
    expect([clock.now(), clock.pending, clock.nextMs]).toEqual([20, 1, 1]);
  });

  test('stands at the time of a timer while it runs, also of one set by a timer', async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    clock.schedule(() => {
      seen.push(clock.now());
      clock.schedule(() => seen.push(clock.now()), 5);
    }, 10);
    await clock.advance(100);
    expect(seen).toEqual([10, 15]);
    expect(clock.now()).toBe(100);
  });

  test('agrees with a sorted list over random timers, most of them called off', async () => {
    const seed = 20_261_122;
    const random = seededRandom(seed);
    const clock = new FakeClock();
    const ran: number[] = [];
    const timers = Array.from({ length: 2_000 }, (_, id) => {
      const at = Math.floor(random() * 500);
      return { id, at, cancel: clock.schedule(() => ran.push(id), at) };
    });
    const off = timers.filter(() => random() < 0.8);
    for (const { cancel } of [...off, ...off]) cancel();
    const kept = timers.filter((timer) => !off.includes(timer));
    expect(clock.pending, `seed ${seed}`).toBe(kept.length);
    await clock.advance(500);
    expect(ran, `seed ${seed}`).toEqual(kept.sort((a, b) => a.at - b.at || a.id - b.id).map(({ id }) => id));
    expect(clock.pending).toBe(0);
  });

  test.each([-5, Number.NaN])('a timer of %s ms is due at once, and time does not go back', async (ms) => {
    const clock = new FakeClock();
    const seen: number[] = [];
    await clock.advance(10);
    clock.schedule(() => seen.push(clock.now()), ms);
    await clock.advance(0);
    expect(seen).toEqual([10]);
  });

  test('a second advance waits for the first', async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    clock.schedule(() => seen.push(clock.now()), 15);
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect([seen, clock.now()]).toEqual([[15], 20]);
  });

  test('rejects with what a timer threw and can go on', async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    clock.schedule(() => {
      throw new Error('timer');
    }, 10);
    clock.schedule(() => seen.push(clock.now()), 20);
    await expect(clock.advance(30)).rejects.toThrow('timer');
    expect(clock.now()).toBe(10);
    await clock.advance(20);
    expect(seen).toEqual([20]);
  });

  test('says when code has set its timer', async () => {
    const clock = new FakeClock();
    const two = clock.scheduled(2);
    clock.schedule(() => {}, 1);
    realTimeout(() => clock.schedule(() => {}, 1), 0);
    await two;
    expect(clock.pending).toBe(2);
    await clock.scheduled(2);
  });

  test('moves the date alone', async () => {
    const clock = new FakeClock({ epochMs: 1_000 });
    await clock.advance(5);
    expect(clock.epochMs()).toBe(1_005);
    clock.setEpochMs(10);
    await clock.advance(5);
    expect([clock.epochMs(), clock.now()]).toEqual([15, 10]);
  });

  test('drives a pipeline: a timeout ends the call, and a call that ended leaves no timer', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [deadline({ totalMs: 5_000 }), timeout({ attemptMs: 1_000 })], { clock });
    expect(await p.execute(() => 1)).toBe(1);
    expect(clock.pending).toBe(0);
    const outcome = p.executeOutcome(never);
    await clock.advance(1_000);
    expect((await outcome).kind).toBe('transient');
    expect(clock.pending).toBe(0);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to advance by %s', (ms) => {
    expect(() => new FakeClock().advance(ms)).toThrow('advance: ms must be a finite number from 0');
  });

  test('refuses options it does not know, and a date that is none', () => {
    expect(() => new FakeClock({ epoch: 0 } as object)).toThrow('unknown option "epoch"');
    expect(() => new FakeClock().setEpochMs(Number.NaN)).toThrow('epochMs must be a finite number');
  });
});
