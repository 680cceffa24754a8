import { createRequire } from 'node:module';
import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import CircuitBreaker from 'opossum';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bulkhead, pipeline, type Policy, timeout } from '@nines/resilience';
import { opossum, type OpossumOptions } from '@nines/resilience/opossum';
import { FakeClock } from '@nines/resilience/testing';
import { breakerUnder, down, errorOf, fail, never, state, up } from '../test/calls.ts';
import { engines } from '../test/engines.ts';
import { breakerOf, fakeTimers, shutDown } from '../test/naked-opossum.ts';

beforeEach(fakeTimers);
afterEach(shutDown);

// Each test shows the fault on the installed opossum, then the right answer of the native breaker and of opossum in a pipeline.
describe.each([engines.native, engines.opossum])('opossum raw → $name', ({ breaker }) => {
  const ours = (options: OpossumOptions = {}, inner: readonly Policy[] = []) => breakerUnder(breaker, options, inner);

  test('a function that returns undefined at once counts as failed → it is a success', async () => {
    const naked = breakerOf(() => undefined);
    await expect(naked.fire()).rejects.toThrow(TypeError);

    const { p } = ours({ minimumCalls: 1 });
    expect(await p.executeOutcome(() => undefined)).toMatchObject({ ok: true, value: undefined, kind: 'success' });
    expect(state(p)).toBe('closed');
  });

  test('two breakers with one options object and a cache answer for each other → options are copied and nothing is cached', async () => {
    const shared = { cache: true };
    expect(await breakerOf(async () => 'users', shared).fire()).toBe('users');
    expect(await breakerOf(async () => 'orders', shared).fire()).toBe('users');

    const options = Object.freeze({ minimumCalls: 1 });
    const policy = breaker(options);
    const [users, orders] = [pipeline('users', [policy]), pipeline('orders', [policy])];
    expect(await users.execute(() => 'users')).toBe('users');
    expect(await orders.execute(() => 'orders')).toBe('orders');
    await fail(users, 1);
    expect([state(users), state(orders)]).toEqual(['open', 'closed']);
    expect(options).toEqual({ minimumCalls: 1 });
  });

  test('a timeout frees the place while the work goes on: 12 at once where 2 are allowed → a place is kept until the work has ended', async () => {
    const running = { now: 0, most: 0 };
    const hang = (): Promise<never> => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      return never();
    };
    const naked = breakerOf(hang, { capacity: 2, timeout: 10, errorThresholdPercentage: 100 });
    for (let i = 0; i < 6; i++) {
      const calls = [naked.fire(), naked.fire()].map((call) => call.catch(() => {}));
      await vi.advanceTimersByTimeAsync(10);
      await Promise.all(calls);
    }
    expect(running.most).toBe(12);

    Object.assign(running, { now: 0, most: 0 });
    const clock = new FakeClock();
    const p = pipeline('p', [bulkhead({ maxConcurrent: 2 }), breaker({ minimumCalls: 3 }), timeout({ attemptMs: 10 })], { clock });
    const codes: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      const calls = [p.executeOutcome(hang), p.executeOutcome(hang)];
      await clock.advance(10);
      for (const outcome of await Promise.all(calls)) codes.push(errorOf(outcome)?.code);
    }
    expect([running.most, codes.slice(0, 3)]).toEqual([2, ['TIMEOUT', 'TIMEOUT', 'BULKHEAD_FULL']]);
    expect(state(p)).toBe('closed');
  });

  test('one timeout aborts the signal of every call, later ones too → each call has its own', async () => {
    const abortController = new AbortController();
    const naked = breakerOf(never, { timeout: 10, abortController, errorThresholdPercentage: 100 });
    const first = naked.fire().catch(() => {});
    await vi.advanceTimersByTimeAsync(10);
    await first;
    expect(abortController.signal.aborted).toBe(true);

    const { p, clock } = ours({}, [timeout({ attemptMs: 10 })]);
    const signals: AbortSignal[] = [];
    const slow = p.executeOutcome((ctx) => {
      signals.push(ctx.signal);
      return never();
    });
    await clock.advance(5);
    const other = Promise.withResolvers<void>();
    const beside = p.execute((ctx) => {
      signals.push(ctx.signal);
      return other.promise;
    });
    await clock.advance(5);
    await slow;
    await p.execute((ctx) => void signals.push(ctx.signal));
    other.resolve();
    await beside;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false, false]);
  });

  test('local capacity rejections open it while the dependency is well → what is rejected inside counts for nothing', async () => {
    const work = Promise.withResolvers<void>();
    const naked = breakerOf(() => work.promise, { capacity: 1, timeout: false });
    const running = naked.fire();
    for (let i = 0; i < 2; i++) await naked.fire().catch(() => {});
    expect(naked.opened).toBe(true);
    work.resolve();
    await running;

    const full: Policy = {
      name: 'full',
      kind: 'custom',
      options: {},
      bind: () => ({
        run: async (ctx) => ({ ok: false, error: 'full', kind: 'rejected', attempts: ctx.attempts, retryAfterMs: undefined }),
      }),
    };
    const { p } = ours({ minimumCalls: 1 }, [full]);
    await fail(p, 50);
    expect(state(p)).toBe('closed');
  });

  test('each failure sorts every latency of the window → nothing is sorted', async () => {
    const sorted: number[] = [];
    vi.spyOn(Array.prototype, 'sort').mockImplementation(function (this: unknown[]) {
      sorted.push(this.length);
      return this;
    });
    try {
      let answer: () => Promise<unknown> = up;
      const naked = breakerOf(() => answer(), { errorThresholdPercentage: 99 });
      for (let i = 0; i < 1_000; i++) await naked.fire();
      answer = down;
      await naked.fire().catch(() => {});
      expect(sorted).toEqual([1_001]);

      sorted.length = 0;
      const { p } = ours({ failureRateThreshold: 0.99 });
      for (let i = 0; i < 1_000; i++) await p.execute(up);
      await fail(p, 1);
      expect(sorted).toEqual([]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('it runs timers while idle → the policy has none, and takes one only for a probe', async () => {
    const before = vi.getTimerCount();
    breakerOf(up);
    expect(vi.getTimerCount() - before).toBe(2);

    const idle = vi.getTimerCount();
    const { p, clock } = ours();
    await p.execute(up);
    expect([vi.getTimerCount(), clock.pending]).toEqual([idle, 0]);
  });
});

test('opossum keeps every latency of the window, also without percentiles → inside the policy none is kept', async () => {
  const naked = breakerOf(up, { rollingPercentilesEnabled: false });
  for (let i = 0; i < 1_000; i++) await naked.fire();
  expect(naked.status.window[0]).toMatchObject({ latencyTimes: { length: 1_000 } });

  const fire = vi.spyOn(CircuitBreaker.prototype, 'fire');
  try {
    const p = pipeline('p', [opossum({ failureRateThreshold: 0.99 })]);
    for (let i = 0; i < 1_000; i++) await p.execute(up);
    await fail(p, 1);
    const inside = fire.mock.contexts[0] as CircuitBreaker;
    expect(inside.stats).toMatchObject({ successes: 1_000, failures: 1, latencyTimes: [] });
    expect(inside.status.window[0]).toMatchObject({ latencyTimes: [] });
  } finally {
    vi.restoreAllMocks();
  }
});

test('opossum ships no types → each entry of this package does', () => {
  const require = createRequire(import.meta.url);
  const theirs = require('opossum/package.json') as { readonly types?: string; readonly typings?: string; readonly exports?: unknown };
  expect([theirs.types, theirs.typings, theirs.exports]).toEqual([undefined, undefined, undefined]);
  const folder = dirname(require.resolve('opossum/package.json'));
  expect(globSync(['*.d.ts', 'lib/**/*.d.ts', 'dist/**/*.d.ts'], { cwd: folder })).toEqual([]);

  const { exports } = require('@nines/resilience/package.json') as { readonly exports: Readonly<Record<string, unknown>> };
  for (const entry of ['.', './opossum', './p-retry']) {
    const name = entry === '.' ? 'index' : entry.slice(2);
    expect(exports[entry]).toMatchObject({ import: { types: `./dist/${name}.d.ts` }, require: { types: `./dist/${name}.d.cts` } });
  }
});
