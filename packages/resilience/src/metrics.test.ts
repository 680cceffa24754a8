import * as nextClient from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { describe, expect, test } from 'vitest';
import { bulkhead, circuitBreaker, fixed, pipeline, retry, retryBudget } from '@nines/resilience';
import { chaos, fault } from '@nines/resilience/chaos';
import { hedge } from '@nines/resilience/hedge';
import { adaptiveLimit } from '@nines/resilience/limit';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { prometheus } from '@nines/resilience/prometheus';
import { adaptiveThrottle, rateLimit } from '@nines/resilience/throttle';
import { FakeClock } from '@nines/resilience/testing';
import { flush } from '../test/calls.ts';

const down = (): Promise<never> => Promise.reject(new Error('down'));
const clients = [
  { name: 'prom-client', create: () => new promClient.Registry() },
  { name: '@prometheus-io/client', create: () => new nextClient.Registry() },
];
async function lines(registry: { metrics(): Promise<string> }, name: string): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

/** Without the series that count nothing yet. */
async function risen(registry: { metrics(): Promise<string> }, name: string): Promise<string[]> {
  return (await lines(registry, name)).filter((line) => !line.endsWith(' 0'));
}

describe.each(clients)('prometheus on $name', ({ create }) => {
  test('shows a pipeline from construction to an open breaker and back', async () => {
    const registry = create();
    const clock = new FakeClock();
    const policies = [pRetry({ maxAttempts: 2, backoff: fixed(1) }), opossum({ minimumCalls: 3, openMs: 1_000 })];
    const p = pipeline('inventory', policies, { clock, metrics: prometheus(registry) });
    expect(await lines(registry, 'resilience_circuit_breakers')).toEqual([
      'resilience_circuit_breakers{pipeline="inventory",state="closed"} 1',
      'resilience_circuit_breakers{pipeline="inventory",state="open"} 0',
      'resilience_circuit_breakers{pipeline="inventory",state="half_open"} 0',
      'resilience_circuit_breakers{pipeline="inventory",state="isolated"} 0',
    ]);
    for (let i = 0; i < 3; i++) {
      const call = p.executeOutcome(down);
      await clock.advance(2);
      await call;
    }
    expect(await lines(registry, 'resilience_c')).toEqual(
      expect.arrayContaining([
        'resilience_calls_total{pipeline="inventory",outcome="transient"} 1',
        'resilience_calls_total{pipeline="inventory",outcome="rejected"} 2',
        'resilience_call_duration_seconds_bucket{le="0.001",pipeline="inventory"} 3',
        'resilience_call_duration_seconds_count{pipeline="inventory"} 3',
        'resilience_circuit_breakers{pipeline="inventory",state="open"} 1',
        'resilience_circuit_breakers{pipeline="inventory",state="closed"} 0',
      ]),
    );
    expect(await risen(registry, 'resilience_attempts_total')).toEqual([
      'resilience_attempts_total{pipeline="inventory",kind="first",outcome="transient"} 2',
      'resilience_attempts_total{pipeline="inventory",kind="retry",outcome="transient"} 1',
    ]);
    expect(await risen(registry, 'resilience_rejections_total')).toEqual([
      'resilience_rejections_total{pipeline="inventory",policy="opossum",reason="open"} 2',
    ]);
    await clock.advance(1_000);
    await p.execute(() => 'up');
    expect(await risen(registry, 'resilience_circuit_breaker_transitions_total')).toEqual([
      'resilience_circuit_breaker_transitions_total{pipeline="inventory",from="closed",to="open"} 1',
      'resilience_circuit_breaker_transitions_total{pipeline="inventory",from="open",to="half_open"} 1',
      'resilience_circuit_breaker_transitions_total{pipeline="inventory",from="half_open",to="closed"} 1',
    ]);
  });

  test('pipelines share the metrics of one registry; one without a breaker shows none', async () => {
    const registry = create();
    const a = pipeline('a', [opossum()], { metrics: prometheus(registry) });
    const b = pipeline('b', [], { metrics: prometheus(registry) });
    await Promise.all([a.execute(() => 1), b.execute(() => 1)]);
    expect((await risen(registry, 'resilience_calls_total')).sort()).toEqual([
      'resilience_calls_total{pipeline="a",outcome="success"} 1',
      'resilience_calls_total{pipeline="b",outcome="success"} 1',
    ]);
    expect(await lines(registry, 'resilience_circuit_breakers{pipeline="b"')).toEqual([]);
    expect(await lines(registry, 'resilience_circuit_breakers{pipeline="a"')).toHaveLength(4);
  });

  test('shows the budget, the bulkhead and the throttle from construction', async () => {
    const registry = create();
    const policies = [adaptiveThrottle(), bulkhead({ maxConcurrent: 5, maxQueue: 2 }), retry({ budget: retryBudget({ minPerSecond: 1 }) })];
    const p = pipeline('limited', policies, { clock: new FakeClock(), metrics: prometheus(registry) });
    pipeline('plain', [], { metrics: prometheus(registry) });
    const work = Promise.withResolvers<void>();
    const calls = Array.from({ length: 7 }, () => p.execute(() => work.promise));
    await flush();
    expect([...(await lines(registry, 'resilience_limiter')), ...(await lines(registry, 'resilience_retry'))]).toEqual([
      'resilience_limiter_limit{pipeline="limited"} 5',
      'resilience_limiter_inflight{pipeline="limited"} 5',
      'resilience_limiter_queued{pipeline="limited"} 2',
      'resilience_retry_budget_balance{pipeline="limited"} 10',
    ]);
    expect(await lines(registry, 'resilience_throttle')).toEqual(['resilience_throttle_rejection_ratio{pipeline="limited"} 0']);
    work.resolve();
    await Promise.all(calls);
  });

  test('every series a pipeline can have is there from construction, at 0', async () => {
    const registry = create();
    const policies = [
      adaptiveThrottle(),
      bulkhead({ maxConcurrent: 5 }),
      rateLimit({ permitsPerSecond: 5 }),
      retry(),
      circuitBreaker(),
      chaos({ faults: [fault({ rate: 1, error: () => new Error('made up') })] }),
    ];
    pipeline('inventory', policies, { metrics: prometheus(registry) });
    const names = (await lines(registry, 'resilience_')).map((line) => line.slice(0, line.lastIndexOf(' ')));
    const of = (name: string): string[] => names.filter((line) => line.startsWith(`${name}{`)).map((line) => line.slice(name.length));
    expect(of('resilience_calls_total')).toHaveLength(6);
    expect(of('resilience_attempts_total')).toHaveLength(18);
    expect(of('resilience_rejections_total')).toEqual([
      '{pipeline="inventory",policy="adaptive-throttle",reason="throttled"}',
      '{pipeline="inventory",policy="bulkhead",reason="full"}',
      '{pipeline="inventory",policy="bulkhead",reason="waited"}',
      '{pipeline="inventory",policy="rate-limit",reason="rate"}',
      '{pipeline="inventory",policy="retry",reason="budget"}',
      '{pipeline="inventory",policy="circuit-breaker",reason="open"}',
      '{pipeline="inventory",policy="circuit-breaker",reason="half_open"}',
      '{pipeline="inventory",policy="circuit-breaker",reason="isolated"}',
    ]);
    expect(of('resilience_circuit_breaker_transitions_total')).toHaveLength(9);
    expect(of('resilience_circuit_breakers')).toHaveLength(4);
    expect(of('resilience_chaos_injected_total')).toEqual([
      '{pipeline="inventory",kind="latency"}',
      '{pipeline="inventory",kind="fault"}',
      '{pipeline="inventory",kind="outcome"}',
      '{pipeline="inventory",kind="behaviour"}',
    ]);
    expect(of('resilience_call_duration_seconds_count')).toEqual(['{pipeline="inventory"}']);
    for (const name of ['retry_budget_balance', 'limiter_limit', 'limiter_inflight', 'limiter_queued', 'throttle_rejection_ratio'])
      expect(of(`resilience_${name}`)).toEqual(['{pipeline="inventory"}']);
  });

  test('counts what chaos injects, by kind', async () => {
    const registry = create();
    const faults = [fault({ rate: 1, error: () => new Error('made up') })];
    const p = pipeline('shaken', [chaos({ enabled: true, faults })], { metrics: prometheus(registry) });
    for (let i = 0; i < 3; i++) await p.executeOutcome(() => 1);
    expect(await risen(registry, 'resilience_chaos')).toEqual(['resilience_chaos_injected_total{pipeline="shaken",kind="fault"} 3']);
    expect(await risen(registry, 'resilience_attempts_total')).toEqual([
      'resilience_attempts_total{pipeline="shaken",kind="first",outcome="transient"} 3',
    ]);
  });

  test('the breakers of listed keys have series of their own, those of others never', async () => {
    const registry = create();
    const metrics = prometheus(registry, { observeKeys: ['a', 'b'] });
    const p = pipeline('keyed', [circuitBreaker({ minimumCalls: 1, key: (ctx) => ctx.key })], { metrics });
    pipeline('plain', [], { metrics });
    for (const key of ['a', 'c']) await p.executeOutcome(down, { key });
    expect(await risen(registry, 'resilience_circuit_breaker_state')).toEqual([
      'resilience_circuit_breaker_state{pipeline="keyed",key="a",state="open"} 1',
      'resilience_circuit_breaker_state{pipeline="keyed",key="b",state="closed"} 1',
    ]);
    expect(await lines(registry, 'resilience_circuit_breaker_state')).toHaveLength(8);
    const tooMany = Array.from({ length: 21 }, (_, i) => `key-${i}`);
    for (const observeKeys of [tooMany, [1], 'a'])
      expect(() => prometheus(registry, { observeKeys } as never)).toThrow('observeKeys must be an array of at most 20 strings');
  });

  test('keys never become labels', async () => {
    const registry = create();
    const p = pipeline('keyed', [opossum({ minimumCalls: 1, key: (ctx) => ctx.key })], { metrics: prometheus(registry) });
    for (const key of ['secret-1', 'secret-2']) await p.executeOutcome(down, { key });
    expect(await registry.metrics()).not.toContain('secret');
    expect(await lines(registry, 'resilience_circuit_breakers{pipeline="keyed",state="open"}')).toEqual([
      'resilience_circuit_breakers{pipeline="keyed",state="open"} 2',
    ]);
  });

  test('shows hedges as attempts of their own kind, and an adaptive limit from construction', async () => {
    const registry = create();
    const clock = new FakeClock();
    const policies = [adaptiveLimit(), hedge({ delay: 10, maxExtraLoadRatio: 1 })];
    const p = pipeline('inventory', policies, { clock, metrics: prometheus(registry) });
    expect(await lines(registry, 'resilience_limiter')).toEqual([
      'resilience_limiter_limit{pipeline="inventory"} 20',
      'resilience_limiter_inflight{pipeline="inventory"} 0',
      'resilience_limiter_queued{pipeline="inventory"} 0',
    ]);
    const call = p.execute((ctx) => (ctx.hedge === 0 ? new Promise(() => {}) : 'hedge'), { idempotent: true });
    await clock.advance(10);
    await call;
    const attempts = await lines(registry, 'resilience_attempts_total');
    expect(attempts.filter((line) => !line.endsWith(' 0')).toSorted()).toEqual([
      'resilience_attempts_total{pipeline="inventory",kind="first",outcome="ignored"} 1',
      'resilience_attempts_total{pipeline="inventory",kind="hedge",outcome="success"} 1',
    ]);
    // The first run never ends, so the call keeps its place.
    expect(await lines(registry, 'resilience_limiter_inflight')).toEqual(['resilience_limiter_inflight{pipeline="inventory"} 1']);
  });
});
