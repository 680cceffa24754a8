import { describe, expect, test } from 'vitest';
import { bulkhead, circuitBreaker, fixed, pipeline, retry, timeout } from '@nines/resilience';
import { hedge } from '@nines/resilience/hedge';
import { FakeClock } from '@nines/resilience/testing';
import { never } from '../../test/calls.ts';
import { engines } from '../../test/engines.ts';
import { attempts, hedged, twice } from '../../test/hedged.ts';

describe('hedge', () => {
  test('sends a second run after the delay, takes the first answer, aborts the loser and says so in events and attempts', async () => {
    const { p, clock, events, snapshot, after } = hedged();
    const signals: AbortSignal[] = [];
    const call = p.executeOutcome((ctx) => {
      signals.push(ctx.signal);
      return after(ctx.hedge === 0 ? 100 : 5, `hedge ${ctx.hedge} of attempt ${ctx.attempt}`);
    }, twice);
    await clock.advance(9);
    expect(signals).toHaveLength(1);
    await clock.advance(6);
    const outcome = await call;
    expect(outcome).toMatchObject({ ok: true, value: 'hedge 1 of attempt 1', kind: 'success' });
    expect(outcome.attempts).toMatchObject([
      { attempt: 1, hedge: 1, kind: 'success', durationMs: 5 },
      { attempt: 1, hedge: 0, kind: 'ignored', durationMs: 15 },
    ]);
    expect(signals.map((signal) => [signal.aborted, signal.reason?.code])).toEqual([
      [true, 'ABORTED'],
      [false, undefined],
    ]);
    expect(signals[0]?.reason.message).toBe('p: another run of this attempt answered first');
    expect(attempts(events)).toEqual(['1 hedge success', '1 first ignored']);
    expect([snapshot(), p.snapshot().inFlight]).toEqual([{ name: 'hedge', delayMs: 10, sent: 1, won: 1, notIdempotent: 0 }, 0]);
    // The late answer of the loser changes nothing.
    await clock.advance(100);
    expect([attempts(events).length, clock.pending]).toEqual([2, 0]);
  });

  test('sends nothing when the first run answers in time, and leaves no timer', async () => {
    const { p, clock, snapshot, after } = hedged();
    const call = p.execute(() => after(9, 'first'), twice);
    await clock.advance(9);
    expect([await call, await p.execute(() => 'at once', twice)]).toEqual(['first', 'at once']);
    expect([snapshot().sent, clock.pending]).toEqual([0, 0]);
  });

  test.each([undefined, false])('never hedges a call that is not marked idempotent (idempotent: %s)', async (idempotent) => {
    const { p, clock, snapshot, after } = hedged();
    let runs = 0;
    const run = () => ((runs += 1), after(1_000, 'slow'));
    const call = p.execute(run, { idempotent });
    await clock.advance(1_000);
    expect([await call, runs, snapshot()]).toMatchObject(['slow', 1, { sent: 0, notIdempotent: 1 }]);
  });

  test('the first run may still win: the hedge is aborted', async () => {
    const { p, clock, events, snapshot, after } = hedged();
    const call = p.execute((ctx) => after(ctx.hedge === 0 ? 20 : 100, ctx.hedge), twice);
    await clock.advance(20);
    expect([await call, snapshot()]).toMatchObject([0, { sent: 1, won: 0 }]);
    expect(attempts(events)).toEqual(['1 first success', '1 hedge ignored']);
  });

  test('sends up to maxHedges, one more delay apart, and all are aborted but one', async () => {
    const { p, clock, after, pay } = hedged({ maxHedges: 2 });
    await pay(1);
    const began: string[] = [];
    const call = p.executeOutcome((ctx) => {
      began.push(`${clock.now()}: ${ctx.hedge}`);
      return ctx.hedge === 2 ? after(5, 'third') : never();
    }, twice);
    await clock.advance(100);
    expect(began).toEqual(['0: 0', '10: 1', '20: 2']);
    expect((await call).attempts.map(({ hedge: number, kind }) => `${number} ${kind}`)).toEqual(['2 success', '0 ignored', '1 ignored']);
    expect(clock.pending).toBe(0);
  });

  test('a delay of 0 sends both as soon as the event loop turns', async () => {
    const { p, clock } = hedged({ delay: 0 });
    const call = p.execute((ctx) => (ctx.hedge === 0 ? never() : 'hedge'), twice);
    await clock.advance(0);
    expect(await call).toBe('hedge');
  });

  test('every hedge asks the breaker, has its own timeout, and losers count neither way', async () => {
    const breaker = circuitBreaker({ minimumCalls: 2, failureRateThreshold: 0.5, open: fixed(1_000) });
    const { p, clock, events, after } = hedged({}, [], [breaker, timeout({ attemptMs: 30 })]);
    // Ten hung first runs, each rescued: were a loser a failure, the breaker would open after the second.
    for (let i = 0; i < 10; i++) {
      const call = p.execute((ctx) => (ctx.hedge === 0 ? never() : after(1, 'hedge')), twice);
      await clock.advance(11);
      expect(await call).toBe('hedge');
    }
    expect(events.filter(({ type }) => type === 'transition')).toEqual([]);
    // Both hang: each is timed out 30 ms after its own start, and both count as failures.
    const hung = p.executeOutcome(never, twice);
    await clock.advance(30);
    expect(p.snapshot().inFlight).toBe(1);
    await clock.advance(10);
    expect((await hung).attempts.map(({ kind, durationMs }) => `${kind} ${durationMs}`)).toEqual(['transient 30', 'transient 30']);
    p.breaker?.isolate();
    const refused = await p.executeOutcome(() => 'never run', twice);
    expect([refused.kind, refused.attempts, clock.pending]).toEqual(['rejected', [], 0]);
  });

  test('a loser gives the place of its probe back', async () => {
    const breaker = circuitBreaker({ minimumCalls: 1, open: fixed(1_000), halfOpen: { permits: 2, failureRateThreshold: 0.5 } });
    const { p, clock, after } = hedged({}, [], [breaker]);
    await p.executeOutcome(() => Promise.reject(new Error('down')), twice);
    await clock.advance(1_000);
    const call = p.execute((ctx) => (ctx.hedge === 0 ? never() : after(1, 'probe')), twice);
    await clock.advance(11);
    expect([await call, await p.execute(() => 'second probe', twice)]).toEqual(['probe', 'second probe']);
    expect(p.snapshot().policies[1]?.breakers?.closed).toBe(1);
  });

  test('a hedge that the breaker refuses leaves the first run alone', async () => {
    const { p, clock, after } = hedged({}, [], [circuitBreaker()]);
    const call = p.execute(() => after(50, 'first'), twice);
    p.breaker?.isolate();
    await clock.advance(50);
    expect(await call).toBe('first');
  });

  test('after a transient run it waits for the other, and gives up with what says most', async () => {
    const { p, clock, after } = hedged();
    const rescued = p.execute((ctx) => (ctx.hedge === 0 ? after(15, new Error('reset')) : after(30, 'hedge')), twice);
    await clock.advance(40);
    expect(await rescued).toBe('hedge');
    const lost = p.executeOutcome((ctx) => after(ctx.hedge === 0 ? 15 : 30, new Error(`run ${ctx.hedge}`)), twice);
    await clock.advance(40);
    expect(await lost).toMatchObject({ ok: false, kind: 'transient', attempts: [{ hedge: 0 }, { hedge: 1 }] });
  });

  test('is no retry: a run that fails before the delay ends the race at once', async () => {
    const { p, clock, snapshot } = hedged();
    const outcome = await p.executeOutcome(() => Promise.reject(new Error('down')), twice);
    expect([outcome.kind, outcome.attempts.length, snapshot().sent, clock.pending]).toEqual(['transient', 1, 0, 0]);
  });

  test('an answer that a repeat would not change ends the race', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [hedge({ delay: 10, maxExtraLoadRatio: 1 })], { clock, classify: () => 'failure' });
    const signals: AbortSignal[] = [];
    const call = p.executeOutcome((ctx) => {
      signals.push(ctx.signal);
      return ctx.hedge === 0 ? never() : 'wrong';
    }, twice);
    await clock.advance(10);
    expect(await call).toMatchObject({ ok: true, value: 'wrong', kind: 'failure', attempts: [{ hedge: 1 }, { hedge: 0 }] });
    expect(signals[0]?.aborted).toBe(true);
  });

  test('retry outside: each attempt is hedged for itself and keeps its number', async () => {
    const { p, clock, events, after } = hedged({}, [retry({ maxAttempts: 2, backoff: fixed(5) })]);
    const call = p.execute((ctx) => after(ctx.attempt === 1 ? 12 : 30, ctx.attempt === 1 ? new Error('reset') : 'late'), twice);
    await clock.advance(100);
    expect(await call).toBe('late');
    expect(attempts(events)).toEqual(['1 first transient', '1 hedge transient', '2 retry success', '2 hedge ignored']);
  });

  test.each(Object.values(engines))('works between the retry and the breaker of $name', async ({ retry: again, breaker }) => {
    const inner = [breaker({ minimumCalls: 3, failureRateThreshold: 0.7 }), timeout({ attemptMs: 100 })];
    const { p, clock, events, after } = hedged({}, [again({ maxAttempts: 2, backoff: fixed(5) })], inner);
    // Each first run hangs; the hedge of the first attempt fails, that of the second answers: two failures of three.
    // Were the loser a failure too, three of four would open.
    const call = p.execute((ctx) => (ctx.hedge === 0 ? never() : after(1, ctx.attempt === 1 ? new Error('reset') : 'hedge')), twice);
    await clock.advance(500);
    expect(await call).toBe('hedge');
    expect(attempts(events)).toEqual(['1 hedge transient', '1 first transient', '2 hedge success', '2 retry ignored']);
    expect(events.filter(({ type }) => type === 'transition')).toEqual([]);
  });

  test('bulkhead outside: a call holds one place until all its runs have ended', async () => {
    const { p, clock, after } = hedged({}, [bulkhead({ maxConcurrent: 1 })]);
    const call = p.execute((ctx) => (ctx.hedge === 0 ? after(100, 'late') : after(1, 'hedge')), twice);
    await clock.advance(11);
    expect([await call, p.snapshot().policies[0]?.limiter?.inFlight]).toEqual(['hedge', 1]);
    await clock.advance(89);
    expect(p.snapshot().policies[0]?.limiter?.inFlight).toBe(0);
  });

  test('stands between retry and breaker', () => {
    const one = hedge({ delay: 1 });
    expect(() => pipeline('p', [one, retry()])).toThrow('retry must stand outside of hedge: every attempt must ask');
    expect(() => pipeline('p', [circuitBreaker(), one])).toThrow(
      'hedge must stand outside of circuit-breaker: every hedge must ask the breaker and have its own timeout',
    );
    expect(() => pipeline('p', [one, hedge({ delay: 2 })])).toThrow('one hedge policy is enough');
    expect(pipeline('p', [retry(), one, circuitBreaker(), timeout({ attemptMs: 5 })]).describe().policies[1]).toMatchObject({
      name: 'hedge',
      kind: 'hedge',
      options: { delay: 1, maxHedges: 1, maxExtraLoadRatio: 0.05 },
    });
  });
});
