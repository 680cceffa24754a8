import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallContext, deadline, fixed, http, pipeline, retry } from '@nines/resilience';
import { hedge, type HedgeOptions, quantile } from '@nines/resilience/hedge';
import { FakeClock } from '@nines/resilience/testing';
import { never } from '../../test/calls.ts';
import { attempts, hedged, twice } from '../../test/hedged.ts';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

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

  test('a hedge that found the budget empty is sent when others have paid, if its run is still out', async () => {
    const { p, clock, events, snapshot } = hedged({ maxExtraLoadRatio: 0.5 });
    const call = p.execute((ctx) => (ctx.hedge === 0 ? never() : 'hedge'), twice);
    await clock.advance(39);
    expect([snapshot().sent, events.filter(({ type }) => type === 'rejection').length]).toEqual([0, 1]);
    await p.execute(() => 'pays the other half');
    await clock.advance(1);
    expect([await call, snapshot().sent, clock.pending]).toEqual(['hedge', 1, 0]);
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
    // So that the budget would allow more.
    for (let i = 0; i < 5; i++) await p.execute(() => i);
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
    expect(attempts(events).toSorted()).toEqual(['1 first transient', '1 hedge transient', '1 hedge transient', '1 hedge transient']);
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

test('nothing of all this rejected unseen', async () => {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(unhandled).toEqual([]);
});
