import { describe, expect, test } from 'vitest';
import { bulkhead, type BulkheadOptions, deadline, pipeline, type PipelineEvent, type Policy, timeout } from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';
import { errorOf, flush, never, up } from '../test/calls.ts';

function limited(options: BulkheadOptions, outer: readonly Policy[] = [], inner: readonly Policy[] = []) {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [...outer, bulkhead(options), ...inner], { clock, observer: { event: (event) => void events.push(event) } });
  const limiter = () => p.snapshot().policies.find((policy) => policy.limiter !== undefined)?.limiter;
  return { p, clock, events, limiter };
}

describe('bulkhead', () => {
  test('runs maxConcurrent, lets maxQueue wait in order, refuses the rest at once', async () => {
    const { p, events, limiter } = limited({ maxConcurrent: 2, maxQueue: 2 });
    const works = Array.from({ length: 5 }, () => Promise.withResolvers<string>());
    const started: number[] = [];
    const calls = works.map((work, i) =>
      p.executeOutcome(() => {
        started.push(i);
        return work.promise;
      }),
    );
    await flush();
    expect([started, limiter()]).toEqual([[0, 1], { limit: 2, inFlight: 2, queued: 2 }]);
    const refused = await calls[4];
    expect(refused && errorOf(refused)).toMatchObject({
      code: 'BULKHEAD_FULL',
      policy: 'bulkhead',
      message: 'p: 2 calls run and 2 wait',
      retryable: true,
    });
    expect(events.filter((event) => event.type === 'rejection')).toMatchObject([{ policy: 'bulkhead', reason: 'full' }]);
    works[1]?.resolve('b');
    await flush();
    expect(started).toEqual([0, 1, 2]);
    for (const work of works) work.resolve('done');
    await Promise.all(calls);
    expect([started, limiter()]).toEqual([[0, 1, 2, 3], { limit: 2, inFlight: 0, queued: 0 }]);
  });

  test('a call that waits too long is refused and leaves the queue', async () => {
    const { p, clock, limiter } = limited({ maxConcurrent: 1, maxQueue: 1, maxWaitMs: 200 });
    const work = Promise.withResolvers<string>();
    const first = p.executeOutcome(() => work.promise);
    const second = p.executeOutcome(up);
    await clock.advance(199);
    expect(limiter()?.queued).toBe(1);
    await clock.advance(1);
    expect(errorOf(await second)?.message).toBe('p: no place became free within 200 ms');
    expect([limiter(), clock.pending]).toEqual([{ limit: 1, inFlight: 1, queued: 0 }, 0]);
    work.resolve('done');
    await first;
    expect(await p.execute(up)).toBe('up');
  });

  test('a caller who leaves, or a deadline, takes the call out of the queue at once', async () => {
    const { p, clock, limiter } = limited({ maxConcurrent: 1, maxQueue: 5, maxWaitMs: 60_000 }, [deadline({ totalMs: 100 })]);
    const work = Promise.withResolvers<string>();
    void p.executeOutcome(() => work.promise);
    const caller = new AbortController();
    let runs = 0;
    const left = p.executeOutcome(() => (runs += 1), { signal: caller.signal });
    const late = p.executeOutcome(() => (runs += 1));
    await flush();
    caller.abort();
    expect(errorOf(await left)?.code).toBe('ABORTED');
    await clock.advance(100);
    const outcome = await late;
    expect([errorOf(outcome)?.code, outcome.kind, runs, limiter()?.queued, clock.pending]).toEqual([
      'DEADLINE_EXCEEDED',
      'rejected',
      0,
      0,
      0,
    ]);
  });

  test('a timeout does not free the place while the work goes on: capacity 2 is never 12', async () => {
    const { p, clock, limiter } = limited({ maxConcurrent: 2 }, [], [timeout({ attemptMs: 10 })]);
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
    await flush();
    expect([running, limiter()?.inFlight, await p.execute(up)]).toEqual([0, 0, 'up']);
  });

  test('what ends after its timeout lets the next one in', async () => {
    const { p, clock } = limited({ maxConcurrent: 1, maxQueue: 1, maxWaitMs: 1_000 }, [], [timeout({ attemptMs: 10 })]);
    const work = Promise.withResolvers<void>();
    const first = p.executeOutcome(() => work.promise);
    const second = p.executeOutcome(up);
    await clock.advance(10);
    expect((await first).kind).toBe('transient');
    await clock.advance(100);
    work.reject(new Error('late'));
    expect((await second).kind).toBe('success');
  });

  test('a sync function, and one that throws, give their place back', async () => {
    const { p, limiter } = limited({ maxConcurrent: 1 });
    await p.execute(() => 1);
    await p.executeOutcome(() => {
      throw new Error('no');
    });
    expect([limiter()?.inFlight, await p.execute(up)]).toEqual([0, 'up']);
  });

  test('a long queue of functions that answer at once is worked off without running out of stack', async () => {
    const { p, limiter } = limited({ maxConcurrent: 1, maxQueue: 50_000 });
    const work = Promise.withResolvers<string>();
    const first = p.executeOutcome(() => work.promise);
    const rest = Array.from({ length: 50_000 }, (_, i) => p.executeOutcome(() => i));
    work.resolve('done');
    const kinds = new Set((await Promise.all([first, ...rest])).map(({ kind }) => kind));
    expect([[...kinds], limiter()]).toEqual([['success'], { limit: 1, inFlight: 0, queued: 0 }]);
  });

  test('a caller who left keeps the place taken until the function has ended', async () => {
    const { p, limiter } = limited({ maxConcurrent: 1 });
    const caller = new AbortController();
    const call = p.executeOutcome(never, { signal: caller.signal });
    await flush();
    caller.abort();
    await call;
    expect(limiter()?.inFlight).toBe(1);
  });

  test('refuses options it cannot keep', () => {
    expect(() => bulkhead({} as BulkheadOptions)).toThrow(
      'bulkhead: maxConcurrent must be a whole number from 1 to 1000000, got undefined',
    );
    expect(() => bulkhead({ maxConcurrent: 1, maxQueue: -1 })).toThrow(
      'bulkhead: maxQueue must be a whole number from 0 to 1000000, got -1',
    );
  });
});
