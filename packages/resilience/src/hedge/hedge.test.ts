import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bulkhead,
  type CallContext,
  circuitBreaker,
  deadline,
  type ExecuteOptions,
  fixed,
  http,
  pipeline,
  type PipelineEvent,
  type Policy,
  retry,
  timeout,
} from '@nines/resilience';
import { hedge, type HedgeOptions, type HedgeSnapshot, quantile } from '@nines/resilience/hedge';
import { FakeClock } from '@nines/resilience/testing';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const twice: ExecuteOptions = { idempotent: true };
const never = (): Promise<never> => new Promise(() => {});

function hedged(options: Partial<HedgeOptions> = {}, outer: readonly Policy[] = [], inner: readonly Policy[] = []) {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const policy = hedge({ delay: 10, maxExtraLoadRatio: 1, ...options });
  const p = pipeline('p', [...outer, policy, ...inner], { clock, observer: { event: (event) => void events.push(event) } });
  const snapshot = () => p.snapshot().policies.find(({ name }) => name === 'hedge') as unknown as HedgeSnapshot;
  const after = <T>(ms: number, value: T): Promise<Exclude<T, Error>> =>
    new Promise((resolve, reject) => {
      clock.schedule(() => (value instanceof Error ? reject(value) : resolve(value as Exclude<T, Error>)), ms);
    });
  /** Quick calls, so that the budget holds some hedges. */
  const pay = async (calls: number): Promise<void> => {
    for (let i = 0; i < calls; i++) await p.execute(() => i);
    events.length = 0;
  };
  return { p, clock, events, snapshot, after, pay };
}

const attempts = (events: readonly PipelineEvent[]) =>
  events.flatMap((event) => (event.type === 'attempt' ? [`${event.info.attempt} ${event.info.kind} ${event.kind}`] : []));

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
    expect([snapshot(), p.snapshot().inFlight]).toEqual([{ name: 'hedge', delayMs: 10, sent: 1, won: 1 }, 0]);
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
    expect([await call, runs, snapshot().sent]).toEqual(['slow', 1, 0]);
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

describe('the extra load of hedges', () => {
  test('is at most maxExtraLoadRatio, also when everything is slow; a hedge that is not sent is told', async () => {
    const { p, clock, events, snapshot, after } = hedged({ maxExtraLoadRatio: 0.05 });
    for (let i = 1; i <= 400; i++) {
      const call = p.execute(() => after(20, i), twice);
      await clock.advance(20);
      await call;
      expect(snapshot().sent / i, `after ${i} calls`).toBeLessThanOrEqual(0.05);
    }
    expect(snapshot().sent).toBe(20);
    expect(events.filter((event) => event.type === 'rejection' && event.reason === 'budget')).toHaveLength(380);
    expect(events.find((event) => event.type === 'rejection')).toMatchObject({ policy: 'hedge', reason: 'budget' });
  });

  test('every run pays, those that may not be hedged too; what was paid ten seconds ago is forgotten', async () => {
    const { p, clock, snapshot, after } = hedged({ maxExtraLoadRatio: 0.1 });
    for (let i = 0; i < 20; i++) await p.execute(() => i);
    await clock.advance(20_000);
    void p.execute(() => after(20, 'slow'), twice);
    await clock.advance(20);
    expect(snapshot().sent).toBe(0);
    for (let i = 0; i < 9; i++) await p.execute(() => i);
    void p.execute(() => after(20, 'slow'), twice);
    await clock.advance(20);
    expect(snapshot().sent).toBe(1);
  });

  test('allow switches it off, also when it throws or gives no boolean', async () => {
    const answers: unknown[] = [true, false, undefined, 'yes'];
    let asked = 0;
    const allow = (): boolean => {
      asked += 1;
      if (asked > answers.length) throw new Error('broken gate');
      return answers[asked - 1] as boolean;
    };
    const { p, clock, snapshot, after } = hedged({ allow });
    for (let i = 0; i < 5; i++) {
      const call = p.execute(() => after(20, 'slow'), twice);
      await clock.advance(20);
      expect(await call).toBe('slow');
    }
    expect([asked, snapshot().sent]).toEqual([5, 1]);
  });

  test("a server's pushback ends the hedging of its call; a retry outside keeps the wait", async () => {
    const clock = new FakeClock();
    const began: string[] = [];
    const policies = [retry({ maxAttempts: 2, backoff: fixed(0) }), hedge({ delay: 10, maxHedges: 3, maxExtraLoadRatio: 1 })];
    const p = pipeline('p', policies, { clock, classify: http() });
    const run = (ctx: CallContext): Promise<Response> => {
      began.push(`${clock.now()}: ${ctx.attempt}.${ctx.hedge}`);
      if (ctx.attempt === 2) return Promise.resolve(new Response('ok'));
      const busy = ctx.hedge === 1 ? { status: 429, headers: { 'retry-after': '2' } } : { status: 503 };
      return new Promise((resolve) => {
        clock.schedule(() => resolve(new Response('', busy)), ctx.hedge === 0 ? 50 : 5);
      });
    };
    const call = p.execute(run, twice);
    await clock.advance(10_000);
    expect((await call).status).toBe(200);
    // No second hedge at 20: the first was told to wait at 15. The 503 that came at 50 does not hide the wait that was asked for.
    expect(began).toEqual(['0: 1.0', '10: 1.1', '2050: 2.0']);
  });
});

describe('a value that is not taken', () => {
  test('is discarded, once, whichever run it came from', async () => {
    const clock = new FakeClock();
    const freed: string[] = [];
    const classify = (raw: { ok: boolean; value?: unknown }) =>
      raw.ok && raw.value !== 'good' ? { kind: 'transient' as const, discard: () => void freed.push(String(raw.value)) } : 'success';
    const p = pipeline('p', [hedge({ delay: 10, maxExtraLoadRatio: 1 })], { clock, classify });
    const both = async (first: [number, string], second: [number, string]): Promise<unknown> => {
      const call = p.execute((ctx) => {
        const [ms, value] = ctx.hedge === 0 ? first : second;
        return new Promise((resolve) => {
          clock.schedule(() => resolve(value), ms);
        });
      }, twice);
      await clock.advance(100);
      return call;
    };
    expect([await both([15, 'bad first'], [30, 'good']), freed.splice(0)]).toEqual(['good', ['bad first']]);
    expect([await both([50, 'good'], [5, 'bad hedge']), freed.splice(0)]).toEqual(['good', ['bad hedge']]);
    expect([await both([15, 'bad first'], [30, 'bad hedge']), freed.splice(0)]).toEqual(['bad hedge', ['bad first']]);
  });
});

describe('hedging of functions that behave badly', () => {
  test('one that throws at once is an attempt like any other', async () => {
    const { p, clock, after } = hedged();
    const thrown = await p.executeOutcome(() => {
      throw new TypeError('sync');
    }, twice);
    expect(thrown).toMatchObject({ ok: false, kind: 'transient' });
    const call = p.execute((ctx) => {
      if (ctx.hedge > 0) throw new TypeError('sync');
      return after(20, 'first');
    }, twice);
    await clock.advance(20);
    expect([await call, clock.pending]).toEqual(['first', 0]);
  });

  test('ones that never settle end with the deadline, for all runs', async () => {
    const { p, clock, events, pay } = hedged({ maxHedges: 3 }, [deadline({ totalMs: 100 })]);
    await pay(2);
    const call = p.executeOutcome(never, twice);
    await clock.advance(100);
    const outcome = await call;
    expect([outcome.ok, outcome.kind, outcome.attempts.length, clock.pending]).toEqual([false, 'transient', 4, 0]);
    expect(!outcome.ok && outcome.error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(attempts(events)).toEqual(['1 first transient', '1 hedge transient', '1 hedge transient', '1 hedge transient']);
  });

  test('what settles after its abort, either way, is dropped', async () => {
    const { p, clock, events, after } = hedged();
    const call = p.execute((ctx) => (ctx.hedge === 0 ? after(50, new Error('late')) : after(1, 'hedge')), twice);
    await clock.advance(11);
    expect(await call).toBe('hedge');
    await clock.advance(100);
    expect(attempts(events)).toEqual(['1 hedge success', '1 first ignored']);
  });

  test('a caller who leaves ends every run; one who had left before begins none', async () => {
    const { p, clock, snapshot } = hedged();
    const caller = new AbortController();
    const signals: AbortSignal[] = [];
    const run = (ctx: CallContext) => (signals.push(ctx.signal), never());
    const call = p.executeOutcome(run, { ...twice, signal: caller.signal });
    await clock.advance(10);
    caller.abort();
    const outcome = await call;
    expect([outcome.kind, signals.map(({ aborted }) => aborted), clock.pending]).toEqual(['ignored', [true, true], 0]);
    const late = await p.executeOutcome(run, { ...twice, signal: caller.signal });
    expect([late.kind, signals.length, snapshot().sent]).toEqual(['ignored', 2, 1]);
  });

  test('an AbortError of its own ends the race: it says nothing about the dependency', async () => {
    const { p, clock } = hedged();
    const call = p.executeOutcome((ctx) => (ctx.hedge === 0 ? never() : Promise.reject(new DOMException('left', 'AbortError'))), twice);
    await clock.advance(10);
    expect((await call).kind).toBe('ignored');
  });
});

describe('options of hedge', () => {
  test.each([
    [{}, 'hedge: delay must be a number from 0 to 2147483647 or quantile(…), got undefined'],
    [{ delay: -1 }, 'hedge: delay must be a number from 0'],
    [{ delay: Number.NaN }, 'hedge: delay must be a number from 0'],
    [{ delay: '10' }, 'hedge: delay must be a number from 0'],
    [{ delay: { quantile: 0.9 } }, 'hedge: delay must be a number from 0'],
    [{ delay: 1, maxHedges: 0 }, 'hedge: maxHedges must be a whole number from 1 to 10, got 0'],
    [{ delay: 1, maxHedges: 11 }, 'hedge: maxHedges must be'],
    [{ delay: 1, maxHedges: 1.5 }, 'hedge: maxHedges must be'],
    [{ delay: 1, maxExtraLoadRatio: 0 }, 'hedge: maxExtraLoadRatio must be a number above 0 and up to 1, got 0'],
    [{ delay: 1, maxExtraLoadRatio: 1.1 }, 'hedge: maxExtraLoadRatio must be'],
    [{ delay: 1, maxExtraLoadRatio: '5 %' }, 'hedge: maxExtraLoadRatio must be'],
    [{ delay: 1, allow: true }, 'hedge: allow must be a function, got true'],
    [{ delay: 1, delays: 1 }, 'hedge: unknown option "delays"'],
    [[], 'hedge: delay must be'],
    [undefined, 'hedge: delay must be'],
  ])('refuses %o', (options, message) => {
    expect(() => hedge(options as HedgeOptions)).toThrow(message);
  });

  test.each([
    [[0], 'quantile: share must be a number above 0 and below 1, got 0'],
    [[1], 'quantile: share must be'],
    [['0.95'], 'quantile: share must be'],
    [[0.95, { minimumCalls: 0 }], 'quantile: minimumCalls must be a whole number from 1 to 100000, got 0'],
    [[0.95, { memory: 99 }], 'quantile: memory must be a whole number from 100 to 1000000, got 99'],
    [[0.95, { window: 5 }], 'quantile: unknown option "window"'],
  ])('refuses quantile%o', (given, message) => {
    expect(() => quantile(...(given as Parameters<typeof quantile>))).toThrow(message);
  });
});
