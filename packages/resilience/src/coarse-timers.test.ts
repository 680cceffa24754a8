import { describe, expect, test } from 'vitest';
import { seededRandom } from '@nines/resilience/testing';
import { newSeed } from '../test/calls.ts';
import { CoarseTimers, TICK_MS } from './coarse-timers.ts';

/** Timers whose time moves by hand. */
function turning(start = 0) {
  let now = start;
  let tick: (() => void) | undefined;
  const timers = new CoarseTimers(
    (run) => {
      tick = run;
      return () => (tick = undefined);
    },
    () => now,
  );
  return {
    timers,
    now: () => now,
    running: () => tick !== undefined,
    pass: (ms: number): void => {
      now += ms;
      tick?.();
    },
  };
}

describe('many timeouts on one timer', () => {
  test('runs a timeout once, never early and at most one tick late, over 20,000 random ones', () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    const { timers, now, pass, running } = turning(12_345.6);
    const wrong: string[] = [];
    let runs = 0;
    let calledOff = 0;
    for (let i = 0; i < 20_000; i++) {
      const ms = 50 + random() * 9_000;
      const dueAt = now() + ms;
      const cancel = timers.schedule(() => {
        runs += 1;
        if (now() < dueAt || now() >= dueAt + 2 * TICK_MS) wrong.push(`due ${dueAt}, ran ${now()}`);
      }, ms);
      if (random() < 0.5) {
        calledOff += 1;
        cancel();
        cancel();
      }
      pass(random() * TICK_MS);
    }
    for (let i = 0; i < 1_000; i++) pass(TICK_MS);
    expect({ seed, wrong, runs, running: running() }).toEqual({ seed, wrong: [], runs: 20_000 - calledOff, running: false });
  });

  test('after a long pause everything due runs, the earliest first', () => {
    const { timers, pass } = turning();
    const ran: number[] = [];
    for (const ms of [5_000, 100, 2_600, 60_000, 70]) timers.schedule(() => void ran.push(ms), ms);
    pass(30_000);
    expect(ran).toEqual([70, 100, 2_600, 5_000]);
    pass(30_010);
    expect(ran).toEqual([70, 100, 2_600, 5_000, 60_000]);
  });

  test('has no timer while nothing waits; a call that ended keeps it for one turn, for the next call', () => {
    const { timers, pass, running } = turning();
    expect(running()).toBe(false);
    const cancel = timers.schedule(() => {}, 100);
    expect(running()).toBe(true);
    cancel();
    expect(running()).toBe(true);
    pass(TICK_MS);
    expect(running()).toBe(false);
  });

  test('a timeout that throws takes none of the others with it', () => {
    const { timers, pass } = turning();
    let ran = 0;
    timers.schedule(() => {
      throw new Error('broken');
    }, 50);
    timers.schedule(() => (ran += 1), 50);
    expect(() => pass(60)).toThrow('broken');
    expect(ran).toBe(1);
  });

  test('one timeout may call off another that is due in the same turn, and begin a new one', () => {
    const { timers, pass } = turning();
    const ran: string[] = [];
    timers.schedule(() => {
      ran.push('first');
      cancel();
      timers.schedule(() => void ran.push('later'), 50);
    }, 50);
    const cancel = timers.schedule(() => void ran.push('second'), 50);
    pass(60);
    expect(ran).toEqual(['first']);
    pass(60);
    expect(ran).toEqual(['first', 'later']);
  });
});
