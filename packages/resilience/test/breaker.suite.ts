import { describe, expect, test } from 'vitest';
import { pipeline } from '@nines/resilience';
import { breakerUnder, down, errorOf, fail, flush, never, state, up } from './calls.ts';
import type { Engine } from './engines.ts';

/** What every circuit breaker does, whose window it may have. */
export function breakerSuite({ name, breakerName, breaker }: Engine): void {
  describe(`circuit breaker of ${name}`, () => {
    test('opens, refuses with a coded error, probes and closes, and tells of each step', async () => {
      const { p, clock, events } = breakerUnder(breaker, { minimumCalls: 4, openMs: 1_000 });
      await fail(p, 4);
      let runs = 0;
      const refused = await p.executeOutcome(() => (runs += 1));
      expect([refused.kind, runs]).toEqual(['rejected', 0]);
      expect(errorOf(refused)).toMatchObject({
        code: 'CIRCUIT_OPEN',
        policy: breakerName,
        pipeline: 'p',
        retryable: true,
        retryAfterMs: 1_000,
      });
      await clock.advance(1_000);
      expect(await p.execute(up)).toBe('up');
      expect(events.filter((event) => event.type === 'transition').map((event) => `${event.from} ${event.to}`)).toEqual([
        'closed open',
        'open half_open',
        'half_open closed',
      ]);
      expect(events.filter((event) => event.type === 'rejection')).toMatchObject([
        { policy: breakerName, reason: 'open', retryAfterMs: 1_000 },
      ]);
    });

    test('a failed probe opens it again for the whole time', async () => {
      const { p, clock } = breakerUnder(breaker, { minimumCalls: 1, openMs: 1_000 });
      await fail(p, 1);
      await clock.advance(1_000);
      await fail(p, 1);
      expect(errorOf(await p.executeOutcome(up))?.retryAfterMs).toBe(1_000);
    });

    test('a probe whose caller left gives its place to the next', async () => {
      const { p, clock } = breakerUnder(breaker, { minimumCalls: 1, openMs: 1_000 });
      await fail(p, 1);
      await clock.advance(1_000);
      const caller = new AbortController();
      const probe = p.executeOutcome(never, { signal: caller.signal });
      await flush();
      caller.abort();
      await probe;
      expect([state(p), clock.pending]).toEqual(['half_open', 0]);
      expect(await p.execute(up)).toBe('up');
      expect(state(p)).toBe('closed');
    });

    test('with several probes all must succeed, and no more are let through at once', async () => {
      const { p, clock } = breakerUnder(breaker, { minimumCalls: 1, openMs: 1_000, probes: 3 });
      await fail(p, 1);
      await clock.advance(1_000);
      const probes = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
      const calls = probes.map((probe) => p.execute(() => probe.promise));
      await flush();
      expect((await p.executeOutcome(up)).kind).toBe('rejected');
      probes[0]?.resolve();
      probes[1]?.resolve();
      await flush();
      expect((await p.executeOutcome(up)).kind).toBe('rejected');
      expect(state(p)).toBe('half_open');
      probes[2]?.resolve();
      await Promise.all(calls);
      expect(state(p)).toBe('closed');
    });

    test('the window forgets what is older', async () => {
      const { p, clock } = breakerUnder(breaker, { minimumCalls: 4, windowMs: 1_000 });
      await fail(p, 3);
      await clock.advance(1_100);
      await fail(p, 3);
      expect(state(p)).toBe('closed');
      await clock.advance(500);
      await fail(p, 1);
      expect(state(p)).toBe('open');
    });

    test('after it closed the failures of before are forgotten', async () => {
      const { p, clock } = breakerUnder(breaker, { minimumCalls: 4, openMs: 10, windowMs: 60_000 });
      await fail(p, 4);
      await clock.advance(10);
      await p.execute(up);
      await fail(p, 3);
      expect(state(p)).toBe('closed');
    });

    test('throttled answers do not count', async () => {
      const p = pipeline('p', [breaker({ minimumCalls: 2 })], { classify: () => 'throttled' });
      await fail(p, 10);
      expect(state(p)).toBe('closed');
    });

    test('keeps one breaker a key, bounded, and forgets a closed one before an open one', async () => {
      const p = pipeline('p', [breaker({ minimumCalls: 1, key: (ctx) => ctx.key, maxKeys: 3 })]);
      const count = () => p.snapshot().policies[0]?.breakers;
      expect(count()).toEqual({ closed: 0, open: 0, half_open: 0, isolated: 0 });
      await p.executeOutcome(down, { key: 'a' });
      for (const key of ['b', 'c']) await p.execute(up, { key });
      expect(count()).toEqual({ closed: 2, open: 1, half_open: 0, isolated: 0 });
      for (let i = 0; i < 100; i++) await p.execute(up, { key: `k${i}` });
      expect(count()).toEqual({ closed: 2, open: 1, half_open: 0, isolated: 0 });
      expect((await p.executeOutcome(up, { key: 'a' })).kind).toBe('rejected');
      expect((await p.executeOutcome(up, { key: 'b' })).kind).toBe('success');
    });

    test('a call whose breaker was forgotten meanwhile ends in the ordinary way', async () => {
      const p = pipeline('p', [breaker({ minimumCalls: 1, key: (ctx) => ctx.key, maxKeys: 1 })]);
      const slow = Promise.withResolvers<string>();
      const call = p.execute(() => slow.promise, { key: 'a' });
      await p.execute(up, { key: 'b' });
      slow.resolve('done');
      expect(await call).toBe('done');
    });
  });
}
