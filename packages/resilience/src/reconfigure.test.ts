import { describe, expect, test } from 'vitest';
import {
  bulkhead,
  type CallContext,
  circuitBreaker,
  type CircuitBreakerOptions,
  deadline,
  fallback,
  fixed,
  type Pipeline,
  pipeline,
  type Policy,
  retry,
  retryBudget,
  timeout,
} from '@nines/resilience';
import { chaos, fault } from '@nines/resilience/chaos';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { adaptiveThrottle, rateLimit } from '@nines/resilience/throttle';
import { FakeClock } from '@nines/resilience/testing';
import { down, errorOf, flush, up } from '../test/calls.ts';

function of(...policies: Policy[]): { readonly p: Pipeline; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { p: pipeline('p', policies, { clock }), clock };
}

async function times(count: number, p: Pipeline, run: () => unknown, key?: string): Promise<string[]> {
  const kinds: string[] = [];
  for (let i = 0; i < count; i++) kinds.push((await p.executeOutcome(run, { key })).kind);
  return kinds;
}

describe('reconfigure keeps what was counted', () => {
  type Options = Required<Pick<CircuitBreakerOptions, 'minimumCalls'>> &
    Pick<CircuitBreakerOptions, 'maxKeys' | 'key' | 'failureRateThreshold'>;
  const engines = [
    { name: 'circuitBreaker', breaker: (options: Options) => circuitBreaker(options) },
    { name: 'opossum', breaker: (options: Options) => opossum(options) },
  ];

  test.each(engines)('$name: the window, then the state', async ({ breaker }) => {
    const { p } = of(breaker({ minimumCalls: 4, failureRateThreshold: 0.9 }));
    await times(2, p, up);
    await times(2, p, down);
    p.reconfigure([breaker({ minimumCalls: 4, failureRateThreshold: 0.5 })]);
    expect(p.breaker?.state()).toBe('closed');
    await times(1, p, down);
    expect(p.breaker?.state()).toBe('open');
    p.reconfigure([breaker({ minimumCalls: 4, failureRateThreshold: 1 })]);
    expect(await times(1, p, up)).toEqual(['rejected']);
    p.breaker?.close();
    await times(1, p, up);
    expect(await times(9, p, down)).not.toContain('rejected');
  });

  test('circuitBreaker: another minimumCalls', async () => {
    const { p } = of(circuitBreaker({ minimumCalls: 10 }));
    await times(4, p, down);
    p.reconfigure([circuitBreaker({ minimumCalls: 5 })]);
    await times(1, p, down);
    expect(p.breaker?.state()).toBe('open');
  });

  test.each(engines)('$name: every key, and fewer of them when maxKeys falls', async ({ breaker }) => {
    const key = (ctx: CallContext) => ctx.key;
    const { p } = of(breaker({ minimumCalls: 2, key, maxKeys: 10 }));
    await times(1, p, down, 'a');
    for (const name of ['b', 'c', 'd']) await times(1, p, up, name);
    await times(2, p, down, 'e');
    p.reconfigure([breaker({ minimumCalls: 2, key: (ctx) => ctx.key, maxKeys: 3 })]);
    expect(p.snapshot().policies[0]?.breakers).toEqual({ closed: 2, open: 1, half_open: 0, isolated: 0 });
    expect([p.breaker?.state('e'), p.breaker?.state('b'), p.breaker?.state('never seen')]).toEqual(['open', 'closed', 'closed']);
  });

  test.each([
    { window: { type: 'count', size: 10 } },
    { window: { type: 'consecutive', failures: 3 } },
    { window: { type: 'time', ms: 5_000 } },
  ] as const)('circuitBreaker with %j', async ({ window }) => {
    const { p } = of(circuitBreaker({ minimumCalls: 10, window }));
    await times(2, p, down);
    p.reconfigure([circuitBreaker({ window: { ...window }, minimumCalls: 3 })]);
    await times(1, p, down);
    expect(p.breaker?.state()).toBe('open');
  });

  test('circuitBreaker: open time, probes and slow calls are those of now', async () => {
    const { p, clock } = of(circuitBreaker({ minimumCalls: 1, open: fixed(1_000) }));
    await times(1, p, down);
    p.reconfigure([circuitBreaker({ minimumCalls: 1, halfOpen: { permits: 1 } })]);
    await clock.advance(1_000);
    expect(await times(1, p, up)).toEqual(['success']);
    expect(p.breaker?.state()).toBe('closed');
  });

  test('bulkhead: who runs and who waits; more places let the waiting in at once, fewer nobody', async () => {
    const { p } = of(bulkhead({ maxConcurrent: 1, maxQueue: 5 }));
    const work = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const calls = work.map(({ promise }) => p.execute(() => promise));
    const limiter = () => p.snapshot().policies[0]?.limiter;
    await flush();
    expect(limiter()).toEqual({ limit: 1, inFlight: 1, queued: 3 });
    p.reconfigure([bulkhead({ maxConcurrent: 3, maxQueue: 5 })]);
    expect(limiter()).toEqual({ limit: 3, inFlight: 3, queued: 1 });
    p.reconfigure([bulkhead({ maxConcurrent: 1 })]);
    work[0]?.resolve();
    await calls[0];
    expect(limiter()).toEqual({ limit: 1, inFlight: 2, queued: 1 });
    expect((await p.executeOutcome(up)).kind).toBe('rejected');
    for (const one of work) one.resolve();
    await Promise.all(calls);
    expect(limiter()).toEqual({ limit: 1, inFlight: 0, queued: 0 });
  });

  test('retry: the budget, unless another is given; a waiting retry goes by the new options', async () => {
    const { p, clock } = of(retry({ maxAttempts: 2, backoff: fixed(1), budget: retryBudget({ ratio: 1, minPerSecond: 0 }) }));
    const balance = () => p.snapshot().policies[0]?.retryBudget;
    await times(3, p, up);
    expect(balance()).toBe(3);
    p.reconfigure([retry({ maxAttempts: 4, backoff: fixed(1) })]);
    expect(balance()).toBe(3);
    const call = p.executeOutcome(down);
    for (let i = 0; i < 4; i++) await clock.advance(1);
    expect((await call).attempts).toHaveLength(4);
    expect(balance()).toBe(1);
    p.reconfigure([retry({ budget: retryBudget({ minPerSecond: 1 }) })]);
    expect(balance()).toBe(10);
  });

  test('rateLimit: what was taken stays taken', async () => {
    const { p, clock } = of(rateLimit({ permitsPerSecond: 1, burst: 4 }));
    await times(3, p, up);
    p.reconfigure([rateLimit({ permitsPerSecond: 1, burst: 2 })]);
    expect(await times(1, p, up)).toEqual(['rejected']);
    p.reconfigure([rateLimit({ permitsPerSecond: 100, burst: 2 })]);
    await clock.advance(20);
    expect(await times(3, p, up)).toEqual(['success', 'success', 'rejected']);
  });

  test('adaptiveThrottle: the calls it saw', async () => {
    const { p } = of(adaptiveThrottle({ k: 100 }));
    await times(1, p, up);
    await times(9, p, down);
    expect(p.snapshot().policies[0]?.rejectionRatio).toBe(0);
    p.reconfigure([adaptiveThrottle({ k: 1 })]);
    expect(p.snapshot().policies[0]?.rejectionRatio).toBeCloseTo(9 / 11);
  });

  test('fallback, deadline, timeout and p-retry take new options for new calls; who runs ends as it was to', async () => {
    const policies = (value: string, ms: number, maxAttempts: number) => [
      fallback(() => value),
      deadline({ totalMs: ms * 10 }),
      pRetry({ maxAttempts, backoff: fixed(1) }),
      timeout({ attemptMs: ms }),
    ];
    const { p, clock } = of(...policies('old', 1_000, 1));
    const old = p.execute(() => new Promise(() => {}));
    p.reconfigure(policies('new', 10, 2));
    const now = p.executeOutcome(() => new Promise(() => {}));
    for (let i = 0; i < 30; i++) await clock.advance(1);
    expect(await now).toMatchObject({ value: 'new', attempts: [{ durationMs: 10 }, { durationMs: 10 }] });
    await clock.advance(1_000);
    expect(await old).toBe('old');
    expect(p.describe().policies[3]?.options).toEqual({ attemptMs: 10 });
  });

  test('chaos: what it injected, and whom it will strike', async () => {
    const faults = [fault({ rate: 0.5, error: () => new Error('made up') })];
    const seeded = (enabled: boolean) => chaos({ enabled, faults, seed: 7 });
    const { p } = of(seeded(true));
    const { p: other } = of(seeded(true));
    const wanted = await times(20, other, up);
    const first = await times(10, p, up);
    p.reconfigure([seeded(false)]);
    expect(await times(5, p, up)).not.toContain('transient');
    p.reconfigure([seeded(true)]);
    expect([...first, ...(await times(10, p, up))]).toEqual(wanted);
    expect(p.snapshot().policies[0]?.injected).toEqual(other.snapshot().policies[0]?.injected);
  });
});

describe('reconfigure refuses with the reason, and changes nothing', () => {
  const first = [retry({ maxAttempts: 2, backoff: fixed(1) }), circuitBreaker({ minimumCalls: 1 }), timeout({ attemptMs: 100 })];
  const shape = 'retry, circuit-breaker window {"type":"time","ms":10000,"buckets":10} key undefined, timeout';

  test.each([
    ['no policies', [], shape],
    ['one less', first.slice(1), shape],
    ['another engine', [pRetry(), circuitBreaker(), timeout({ attemptMs: 100 })], shape],
    [
      'another window',
      [retry({ maxAttempts: 9 }), circuitBreaker({ window: { type: 'count', size: 50 } }), timeout({ attemptMs: 1 })],
      shape,
    ],
    [
      'a key where there was none',
      [retry({ maxAttempts: 9 }), circuitBreaker({ key: (ctx) => ctx.key }), timeout({ attemptMs: 1 })],
      shape,
    ],
    ['what is no policy', [retry(), {} as Policy, timeout({ attemptMs: 1 })], 'an array of policies'],
  ])('%s', async (_what, policies, wanted) => {
    const { p } = of(...first);
    const before = p.describe();
    expect(() => p.reconfigure(policies)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    expect(() => p.reconfigure(policies)).toThrow(`pipeline p: policies must be ${wanted}, got `);
    expect(p.describe()).toEqual(before);
    expect(errorOf(await p.executeOutcome(() => Promise.reject(Object.assign(new Error(), { name: 'AbortError' }))))?.code).toBeUndefined();
  });

  test('a wrong order', () => {
    const { p } = of(...first);
    expect(() => p.reconfigure(first.toReversed())).toThrow(expect.objectContaining({ code: 'POLICY_ORDER' }));
  });

  test('another span of a throttle, another seed of chaos', () => {
    const { p } = of(adaptiveThrottle({ windowMs: 5_000 }));
    expect(() => p.reconfigure([adaptiveThrottle({ windowMs: 6_000 })])).toThrow('policies must be adaptive-throttle windowMs 5000, got');
    const { p: shaken } = of(chaos({ faults: [fault({ rate: 1, error: () => 1 })], seed: 1 }));
    expect(() => shaken.reconfigure([chaos({ faults: [fault({ rate: 1, error: () => 1 })], seed: 2 })])).toThrow('chaos seed 1');
  });

  test('a policy of your own without a state is bound anew; with one it says how it goes on', async () => {
    const counting = (by: number): Policy => ({
      name: 'counting',
      kind: 'custom',
      options: { by },
      bind() {
        let step = by;
        let sum = 0;
        return {
          run: (ctx, next) => ((sum += step), next(ctx)),
          snapshot: () => ({ retryBudget: sum }),
          reconfigure(policy) {
            step = (policy.options as { by: number }).by;
          },
        };
      },
    });
    const { p } = of(counting(1));
    await p.execute(up);
    p.reconfigure([counting(10)]);
    await p.execute(up);
    expect(p.snapshot().policies[0]?.retryBudget).toBe(11);
  });
});
