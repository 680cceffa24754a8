import { describe, expect, test } from 'vitest';
import { type Criticality, deadline } from '@nines/resilience';
import { loadShedding } from '@nines/resilience/limit';
import { errorOf, never } from '../../test/calls.ts';
import { limited, NO_SHARES, reasons } from '../../test/limited.ts';

describe('loadShedding', () => {
  test('gives each criticality its share of the places, and says which of two things was taken', async () => {
    const { limiter, hold, events, clock } = limited(loadShedding({ maxConcurrent: 10 }));
    for (let i = 0; i < 5; i++) hold(`${i}`, 'sheddable');
    const refused = hold('no', 'sheddable');
    for (let i = 0; i < 2; i++) hold(`${i}`, 'sheddable+');
    for (let i = 0; i < 2; i++) hold(`${i}`, 'critical');
    hold('last', 'critical+');
    const full = hold('no', 'critical+');
    await clock.advance(0);
    expect(limiter()).toEqual({ limit: 10, inFlight: 10, queued: 0 });
    expect(errorOf(await refused.outcome)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      policy: 'load-shedding',
      retryable: true,
      message: 'p: 5 calls run, which is the share of sheddable of a limit of 10',
    });
    expect(errorOf(await full.outcome)?.message).toBe('p: 10 calls run and 0 wait');
    expect(reasons(events)).toEqual(['share', 'full']);
  });

  test('with a queue what matters more goes first, each level in the order in which it came', async () => {
    const { began, hold, clock } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 10, maxWaitMs: 60_000, shedFrom: NO_SHARES }));
    const levels: Criticality[] = ['critical', 'sheddable', 'critical', 'critical+', 'sheddable+', 'critical+'];
    const calls = levels.map((level, i) => hold(`${i} ${level}`, level));
    for (let i = 0; i < calls.length; i++) {
      for (const name of began) calls[Number(name[0])]?.release();
      await clock.advance(0);
    }
    await Promise.all(calls.map(({ outcome }) => outcome));
    expect(began).toEqual(['0 critical', '3 critical+', '5 critical+', '2 critical', '4 sheddable+', '1 sheddable']);
    expect(clock.pending).toBe(0);
  });

  test('a full queue lets in what matters more by putting out what matters least and waited longest', async () => {
    const { events, hold, limiter, clock } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 3, shedFrom: NO_SHARES }));
    hold('runs');
    const waiting = (['sheddable', 'sheddable', 'sheddable+'] as const).map((level, i) => hold(`${i}`, level));
    const same = hold('same', 'sheddable');
    expect(errorOf(await same.outcome)?.message).toBe('p: 1 calls run and 3 wait');
    for (let i = 0; i < 4; i++) hold(`critical ${i}`, 'critical');
    const out = await Promise.all(waiting.map(({ outcome }) => outcome));
    expect(out.map((outcome) => errorOf(outcome)?.message)).toEqual(
      Array.from({ length: 3 }, () => 'p: a call that matters more took its place in the queue'),
    );
    expect(reasons(events)).toEqual(['full', 'evicted', 'evicted', 'evicted', 'full']);
    expect([limiter(), clock.pending]).toEqual([{ limit: 1, inFlight: 1, queued: 3 }, 3]);
  });

  test('one that waits for its share does not stand in the way of one that has room', async () => {
    const { began, hold, clock } = limited(loadShedding({ maxConcurrent: 2, maxQueue: 5, maxWaitMs: 60_000 }));
    const first = hold('critical', 'critical');
    hold('waits', 'sheddable');
    const second = hold('critical+', 'critical+');
    expect(began).toEqual(['critical', 'critical+']);
    first.release();
    await clock.advance(0);
    expect(began).toHaveLength(2);
    second.release();
    await clock.advance(0);
    expect(began).toEqual(['critical', 'critical+', 'waits']);
  });

  test('a newcomer does not overtake its equals', async () => {
    const { began, hold, clock } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 5, shedFrom: NO_SHARES }));
    const first = hold('first');
    hold('second');
    first.release();
    hold('third');
    await clock.advance(0);
    expect(began).toEqual(['first', 'second']);
  });

  test('a caller who leaves, a deadline and a wait that is too long all leave the queue', async () => {
    const { p, clock, limiter, hold, events } = limited(
      loadShedding({ maxConcurrent: 1, maxQueue: 5, maxWaitMs: 50, shedFrom: NO_SHARES }),
      [deadline({ totalMs: 40 })],
    );
    hold('runs');
    const caller = new AbortController();
    const left = p.executeOutcome(never, { signal: caller.signal });
    const late = p.executeOutcome(never);
    caller.abort();
    await clock.advance(40);
    expect([errorOf(await left)?.code, (await late).kind, errorOf(await late)?.code, limiter()?.queued]).toEqual([
      'ABORTED',
      'rejected',
      'DEADLINE_EXCEEDED',
      0,
    ]);
    const { p: q, clock: other } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 5, maxWaitMs: 50, shedFrom: NO_SHARES }));
    void q.executeOutcome(never);
    const waited = q.executeOutcome(never);
    await other.advance(50);
    expect([errorOf(await waited)?.message, other.pending]).toEqual(['p: no place became free within 50 ms', 0]);
    expect(reasons(events)).toEqual([]);
  });

  test('a caller who had left before takes no place', async () => {
    const { p, limiter } = limited(loadShedding({ maxConcurrent: 1 }));
    const outcome = await p.executeOutcome(never, { signal: AbortSignal.abort() });
    expect([outcome.kind, limiter()?.inFlight]).toEqual(['ignored', 0]);
  });

  test('a long queue of functions that answer at once is worked off without running out of stack', async () => {
    const { p, hold, limiter } = limited(loadShedding({ maxConcurrent: 1, maxQueue: 50_000, shedFrom: NO_SHARES }));
    const first = hold('first');
    const rest = Array.from({ length: 50_000 }, (_, i) => p.executeOutcome(() => i));
    first.release();
    const kinds = new Set((await Promise.all(rest)).map(({ kind }) => kind));
    expect([[...kinds], limiter()]).toEqual([['success'], { limit: 1, inFlight: 0, queued: 0 }]);
  });
});
