import { describe, expect, test } from 'vitest';
import { circuitBreaker, type CircuitBreakerOptions, fixed, pipeline, type PipelineEvent, timeout } from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';
import { down, errorOf, fail, flush, never, up } from '../test/calls.ts';
import { breakerSuite } from '../test/breaker.suite.ts';
import { engines } from '../test/engines.ts';

function native(options: CircuitBreakerOptions = {}) {
  const clock = new FakeClock();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [circuitBreaker(options)], { clock, random: () => 0.5, observer: { event: (event) => void events.push(event) } });
  const state = (): string | undefined => Object.entries(p.snapshot().policies[0]?.breakers ?? {}).find(([, count]) => count > 0)?.[0];
  return { p, clock, events, state };
}
/** Calls that take `ms` each. */
async function slow(p: ReturnType<typeof native>['p'], clock: FakeClock, times: number, ms: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const work = Promise.withResolvers<string>();
    const call = p.executeOutcome(() => work.promise);
    await clock.advance(ms);
    work.resolve('late');
    await call;
  }
}

breakerSuite(engines.native);

describe('circuitBreaker', () => {
  test('opens at the failure rate once enough calls have ended, and not before', async () => {
    const { p, state } = native({ minimumCalls: 4, failureRateThreshold: 0.5 });
    await fail(p, 2);
    await p.execute(up);
    expect(state()).toBe('closed');
    await p.execute(up);
    expect(state()).toBe('open');
  });

  test('a count window looks at the last calls, however old', async () => {
    const { p, clock, state } = native({ window: { type: 'count', size: 4 }, minimumCalls: 4, failureRateThreshold: 0.75 });
    await fail(p, 2);
    await clock.advance(3_600_000);
    await p.execute(up);
    await fail(p, 1);
    expect(state()).toBe('open');
  });

  test('a consecutive window opens after that many failures in a row', async () => {
    const { p, state } = native({ window: { type: 'consecutive', failures: 3 } });
    await fail(p, 2);
    await p.execute(up);
    await fail(p, 2);
    expect(state()).toBe('closed');
    await fail(p, 1);
    expect(state()).toBe('open');
  });

  test('opens when calls are too slow, though they succeed', async () => {
    const { p, clock, state } = native({ minimumCalls: 4, slowCallMs: 100, slowCallRateThreshold: 0.5 });
    await slow(p, clock, 2, 99);
    await slow(p, clock, 1, 100);
    expect(state()).toBe('closed');
    await slow(p, clock, 1, 150);
    expect(state()).toBe('open');
  });

  test('without slowCallMs no call is slow', async () => {
    const { p, clock, state } = native({ minimumCalls: 2 });
    await slow(p, clock, 5, 500);
    expect(state()).toBe('closed');
  });

  test('stays open longer with each failed round of probes, and starts over once closed', async () => {
    const opened: number[] = [];
    const { p, clock } = native({
      minimumCalls: 1,
      open: (attempt) => {
        opened.push(attempt);
        return attempt * 1_000;
      },
      halfOpen: { permits: 1 },
    });
    const waits: (number | undefined)[] = [];
    await fail(p, 1);
    for (let i = 0; i < 3; i++) {
      const wait = errorOf(await p.executeOutcome(up))?.retryAfterMs;
      waits.push(wait);
      await clock.advance(wait ?? 0);
      if (i < 2) await fail(p, 1);
    }
    await p.execute(up);
    await fail(p, 1);
    expect([waits, opened]).toEqual([
      [1_000, 2_000, 3_000],
      [1, 2, 3, 1],
    ]);
  });

  test('half-open: opens again as soon as the rest of the probes cannot change it, and closes when all are in', async () => {
    const { p, clock, state } = native({ minimumCalls: 1, open: fixed(100), halfOpen: { permits: 3, failureRateThreshold: 0.34 } });
    await fail(p, 1);
    await clock.advance(100);
    const [a, b, c] = [Promise.withResolvers<string>(), Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const calls = [a, b, c].map((probe) => p.executeOutcome(() => probe.promise));
    await flush();
    a.reject(new Error('down'));
    await flush();
    expect(state()).toBe('half_open');
    b.reject(new Error('down'));
    await flush();
    expect(state()).toBe('open');
    c.resolve('late');
    await Promise.all(calls);
    expect(state()).toBe('open');
    await clock.advance(100);
    await fail(p, 1);
    await p.execute(up);
    expect(state()).toBe('half_open');
    await p.execute(up);
    expect([state(), clock.pending]).toEqual(['closed', 0]);
  });

  test('a probe that hangs is one failed probe, once', async () => {
    const { p, clock, state } = native({
      minimumCalls: 1,
      open: fixed(100),
      halfOpen: { permits: 2, failureRateThreshold: 1, probeTimeoutMs: 50 },
    });
    await fail(p, 1);
    await clock.advance(100);
    const hung = Promise.withResolvers<string>();
    const probe = p.executeOutcome(() => hung.promise);
    await clock.advance(50);
    hung.reject(new Error('late'));
    await probe;
    expect(state()).toBe('half_open');
    await p.execute(up);
    expect(state()).toBe('closed');
  });

  test('can be isolated and closed by hand, and says so', async () => {
    const { p, events, state } = native({ metricsOnly: true });
    p.breaker?.isolate();
    const refused = await p.executeOutcome(up);
    expect(errorOf(refused)).toMatchObject({ code: 'CIRCUIT_ISOLATED', message: 'p: the circuit was isolated by hand', retryable: true });
    expect([refused.kind, state()]).toEqual(['rejected', 'isolated']);
    p.breaker?.close();
    expect([await p.execute(up), state()]).toEqual(['up', 'closed']);
    expect(events.filter((event) => event.type === 'transition').map((event) => `${event.from} ${event.to}`)).toEqual([
      'closed isolated',
      'isolated closed',
    ]);
    expect(pipeline('none', []).breaker).toBeUndefined();
  });

  test('metricsOnly refuses nothing and shows the states that it would have had', async () => {
    const { p, clock, events, state } = native({ minimumCalls: 2, open: fixed(100), halfOpen: { permits: 1 }, metricsOnly: true });
    await fail(p, 2);
    expect([state(), await p.execute(up), state()]).toEqual(['open', 'up', 'open']);
    await clock.advance(100);
    const [probe, beside] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const calls = [probe, beside].map((work) => p.executeOutcome(() => work.promise));
    await flush();
    beside.reject(new Error('not a probe'));
    await flush();
    expect(state()).toBe('half_open');
    probe.resolve('well');
    await Promise.all(calls);
    expect(state()).toBe('closed');
    expect(events.filter((event) => event.type === 'rejection')).toEqual([]);
  });

  test('keeps a breaker for each key, each turned by hand alone; an isolated one is forgotten last', async () => {
    const { p } = native({ minimumCalls: 1, key: (ctx) => ctx.key, maxKeys: 3 });
    p.breaker?.isolate('b');
    await p.executeOutcome(down, { key: 'a' });
    expect(p.snapshot().policies[0]?.breakers).toEqual({ closed: 0, open: 1, half_open: 0, isolated: 1 });
    expect([(await p.executeOutcome(up, { key: 'b' })).kind, (await p.executeOutcome(up, { key: 'c' })).kind]).toEqual([
      'rejected',
      'success',
    ]);
    for (let i = 0; i < 100; i++) await p.executeOutcome(down, { key: `k${i}` });
    expect(errorOf(await p.executeOutcome(up, { key: 'b' }))?.code).toBe('CIRCUIT_ISOLATED');
    p.breaker?.close();
    expect(p.snapshot().policies[0]?.breakers).toEqual({ closed: 3, open: 0, half_open: 0, isolated: 0 });
  });

  test('10,000 keys stay within maxKeys', () => {
    const breakers = pipeline('many', [circuitBreaker({ key: (ctx) => ctx.key, maxKeys: 10_000 })]);
    for (let i = 0; i < 20_000; i++) breakers.breaker?.close(`host-${i}`);
    expect(breakers.snapshot().policies[0]?.breakers?.closed).toBe(10_000);
  });

  test('a key function or a backoff that throws ends the call, not the process', async () => {
    const error = new Error('key');
    const bad = pipeline('p', [
      circuitBreaker({
        key: () => {
          throw error;
        },
      }),
    ]);
    expect(await bad.executeOutcome(up)).toMatchObject({ ok: false, kind: 'ignored', error });
    const { p, clock, state } = native({
      minimumCalls: 1,
      open: () => {
        throw error;
      },
    });
    await fail(p, 1);
    expect(state()).toBe('open');
    await clock.advance(1);
    await p.execute(up);
    expect(state()).toBe('half_open');
  });

  test('a timed-out attempt counts as a failure; a caller who leaves counts as nothing', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [circuitBreaker({ minimumCalls: 2 }), timeout({ attemptMs: 10 })], { clock });
    const caller = new AbortController();
    const left = [p.executeOutcome(never, { signal: caller.signal }), p.executeOutcome(never, { signal: caller.signal })];
    await flush();
    caller.abort();
    await Promise.all(left);
    expect(p.snapshot().policies[0]?.breakers?.closed).toBe(1);
    const late = [p.executeOutcome(never), p.executeOutcome(never)];
    await clock.advance(10);
    await Promise.all(late);
    expect(p.snapshot().policies[0]?.breakers?.open).toBe(1);
  });

  test('a refused call has one error, however often it is read', async () => {
    const { p } = native({ minimumCalls: 1 });
    await fail(p, 1);
    const outcome = await p.executeOutcome(up);
    expect([outcome.ok, outcome.kind, errorOf(outcome)?.code]).toEqual([false, 'rejected', 'CIRCUIT_OPEN']);
    expect(errorOf(outcome)).toBe(errorOf(outcome));
    await expect(p.execute(up)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', policy: 'circuit-breaker', attempts: [] });
  });

  test.each([
    [{ failureRateThreshold: 50 }, 'circuitBreaker: failureRateThreshold must be a number above 0 and up to 1, got 50'],
    [{ window: { type: 'time', ms: 5 } }, 'circuitBreaker window: ms must be a whole number from 100 to 2147483647, got 5'],
    [{ window: { type: 'count', size: 5 } }, 'circuitBreaker window: size must be a whole number from 20 to 100000, got 5'],
    [{ window: { type: 'count', size: 50, ms: 3 } }, 'circuitBreaker window: unknown option "ms"; known are type, size'],
    [{ window: { type: 'clock' } }, 'circuitBreaker window: type must be one of time, count, consecutive, got "clock"'],
    [{ halfOpen: { permits: 0 } }, 'circuitBreaker halfOpen: permits must be a whole number from 1 to 1000, got 0'],
    [{ slowCallMs: 0 }, 'circuitBreaker: slowCallMs must be a whole number from 1 to 2147483647, got 0'],
    [{ metricsOnly: 'yes' }, 'circuitBreaker: metricsOnly must be true or false, got "yes"'],
  ])('refuses %j with the reason', (options, message) => {
    expect(() => circuitBreaker(options as CircuitBreakerOptions)).toThrow(message);
  });
});
