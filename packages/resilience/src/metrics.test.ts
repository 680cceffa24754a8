import * as nextClient from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { describe, expect, test } from 'vitest';
import { adaptiveThrottle, bulkhead, fixed, pipeline, retry, retryBudget } from '@nines/resilience';
import { hedge } from '@nines/resilience/hedge';
import { adaptiveLimit } from '@nines/resilience/limit';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { prometheus } from '@nines/resilience/prometheus';
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
    expect(await lines(registry, 'resilience_attempts_total')).toEqual([
      'resilience_attempts_total{pipeline="inventory",kind="first",outcome="transient"} 2',
      'resilience_attempts_total{pipeline="inventory",kind="retry",outcome="transient"} 1',
    ]);
    expect(await lines(registry, 'resilience_rejections_total')).toEqual([
      'resilience_rejections_total{pipeline="inventory",policy="opossum",reason="open"} 2',
    ]);
    await clock.advance(1_000);
    await p.execute(() => 'up');
    expect(await lines(registry, 'resilience_circuit_breaker_transitions_total')).toEqual([
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
    expect((await lines(registry, 'resilience_calls_total')).sort()).toEqual([
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
      'resilience_retry_budget_balance{pipeline="limited"} 10.5',
    ]);
    expect(await lines(registry, 'resilience_throttle')).toEqual(['resilience_throttle_rejection_ratio{pipeline="limited"} 0']);
    work.resolve();
    await Promise.all(calls);
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
    expect(await lines(registry, 'resilience_attempts_total')).toEqual([
      'resilience_attempts_total{pipeline="inventory",kind="hedge",outcome="success"} 1',
      'resilience_attempts_total{pipeline="inventory",kind="first",outcome="ignored"} 1',
    ]);
    // The first run never ends, so the call keeps its place.
    expect(await lines(registry, 'resilience_limiter_inflight')).toEqual(['resilience_limiter_inflight{pipeline="inventory"} 1']);
  });
});
