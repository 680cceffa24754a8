import { describe, expect, test } from 'vitest';
import {
  type CallContext,
  type Clock,
  type Criticality,
  deadline,
  grpcTimeout,
  pipeline,
  type Policy,
  retry,
  timeout,
} from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';
import { errorOf } from '../test/calls.ts';

describe('a wait', () => {
  test('begins when it is asked for, however long ago the call last read the clock', async () => {
    const clock = new FakeClock();
    const inner: Clock = clock;
    const readings: (number | undefined)[] = [];
    const watching: Clock = {
      now: clock.now,
      epochMs: clock.epochMs,
      schedule(run, ms, background, now) {
        readings.push(now);
        return inner.schedule(run, ms, background);
      },
    };
    const slow: Policy = {
      name: 'slow',
      kind: 'custom',
      options: {},
      bind: () => ({ run: async (ctx, next) => ((await ctx.sleep(10)) ? next(ctx) : ctx.failAborted('transient')) }),
    };
    const call = pipeline('p', [slow], { clock: watching }).execute(() => clock.now());
    await clock.advance(10);
    expect([await call, readings]).toEqual([10, [undefined]]);
  });

  test('of a context that was aborted before is over at once, and leaves no timer', async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const awake: boolean[] = [];
    const late: Policy = {
      name: 'late',
      kind: 'custom',
      options: {},
      bind: () => ({
        async run(ctx, next) {
          caller.abort();
          awake.push(await ctx.sleep(10));
          return next(ctx);
        },
      }),
    };
    const outcome = await pipeline('p', [late], { clock }).executeOutcome(() => 1, { signal: caller.signal });
    expect([outcome.kind, awake, clock.pending]).toEqual(['ignored', [false], 0]);
  });
});

describe('what a call inherits and hands on', () => {
  test('the nearer deadline counts, the inherited one or that of the policy', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [deadline({ totalMs: 1_000 }), retry()], { clock });
    const left = (ctx: CallContext) => ctx.remainingMs();
    expect(await p.execute(left)).toBe(1_000);
    expect(await p.execute(left, { remainingMs: 300 })).toBe(300);
    expect(await p.execute(left, { remainingMs: 5_000 })).toBe(1_000);
    expect(await pipeline('none', []).execute(left, { remainingMs: 300 })).toBeGreaterThan(200);
  });

  test('it ends the call, and one that has passed lets nothing run', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [deadline({ totalMs: 1_000 })], { clock });
    const call = p.executeOutcome(() => new Promise(() => {}), { remainingMs: 300 });
    await clock.advance(300);
    expect(errorOf(await call)?.message).toBe('p: the call took longer than 300 ms');
    for (const remainingMs of [0, -5, Number.NaN]) {
      let runs = 0;
      const outcome = await p.executeOutcome(() => (runs += 1), { remainingMs });
      expect([outcome.kind, errorOf(outcome)?.code, runs]).toEqual(['rejected', 'DEADLINE_EXCEEDED', 0]);
    }
  });

  test('headers tell the next hop the deadline and the criticality', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [deadline({ totalMs: 1_500 }), timeout({ attemptMs: 100 })], { clock });
    expect(await p.execute((ctx) => ctx.headers(), { criticality: 'sheddable+' })).toEqual({
      'grpc-timeout': '1500m',
      'x-criticality': 'sheddable+',
    });
    expect(await pipeline('none', []).execute((ctx) => ctx.headers())).toEqual({ 'x-criticality': 'critical' });
    await expect(p.execute(() => 1, { criticality: 'urgent' as Criticality })).rejects.toThrow(
      'pipeline p: criticality must be one of critical+, critical, sheddable+, sheddable',
    );
  });

  test.each([
    [0, '0m'],
    [-1, '0m'],
    [1.9, '1m'],
    [99_999_999, '99999999m'],
    [100_000_000, '100000S'],
    [99_999_999_999, '99999999S'],
    [1e300, '99999999S'],
  ])('grpc-timeout of %d ms is %s: at most eight digits, rounded down', (ms, header) => {
    expect(grpcTimeout(ms)).toBe(header);
  });
});
