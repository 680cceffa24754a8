import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixed, pipeline } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { activeCriticality, CRITICALITY_BAGGAGE, tracing, withCriticality } from '@nines/resilience/otel';
import { pRetry } from '@nines/resilience/p-retry';
import { recorder, TestContextManager } from '../test/tracer.ts';

beforeAll(() => {
  context.setGlobalContextManager(new TestContextManager());
});
afterAll(() => {
  context.disable();
});

describe('tracing', () => {
  test('one span an attempt, active inside the function, ended once with its outcome', async () => {
    const { tracer, spans } = recorder();
    const p = pipeline('inventory', [pRetry({ maxAttempts: 3, backoff: fixed(0) })], { observer: tracing({ tracer }) });
    const outer = tracer.startSpan('job');
    await context.with(trace.setSpan(context.active(), outer), () =>
      p.execute(async (ctx) => {
        await Promise.resolve();
        tracer.startSpan(`GET ${ctx.attempt}`).end();
        if (ctx.attempt === 1) throw new TypeError('fetch failed: https://user:secret@host');
        return 'ok';
      }),
    );
    expect(spans.map((span) => [span.name, span.parent])).toEqual([
      ['job', undefined],
      ['inventory attempt', 'job'],
      ['GET 1', 'inventory attempt'],
      ['inventory attempt', 'job'],
      ['GET 2', 'inventory attempt'],
    ]);
    const [, first, , second] = spans;
    expect(first).toMatchObject({
      ended: 1,
      status: SpanStatusCode.ERROR,
      attributes: {
        'resilience.pipeline': 'inventory',
        'resilience.attempt': 1,
        'resilience.attempt.kind': 'first',
        'resilience.outcome': 'transient',
        'error.type': 'TypeError',
      },
    });
    expect(second).toMatchObject({
      ended: 1,
      status: undefined,
      attributes: { 'resilience.attempt.kind': 'retry', 'resilience.outcome': 'success' },
    });
    expect(spans[0]?.events).toEqual([
      { name: 'resilience.retry', attributes: { 'resilience.pipeline': 'inventory', 'resilience.attempt': 2, 'resilience.delay_ms': 0 } },
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  test('a refused call and a change of state are marked on the span around the call', async () => {
    const { tracer, spans } = recorder();
    const p = pipeline('inventory', [opossum({ minimumCalls: 1 })], { observer: tracing({ tracer }) });
    await context.with(trace.setSpan(context.active(), tracer.startSpan('job')), async () => {
      await p.executeOutcome(() => Promise.reject(new Error('down')));
      await p.executeOutcome(() => 'never run');
    });
    expect(spans).toHaveLength(2);
    expect(spans[0]?.events.map((event) => event.name)).toEqual(['resilience.transition', 'resilience.rejected']);
    expect(p.snapshot().observerErrors).toBe(0);
  });

  test('a returned value that was judged transient is an error of its kind', async () => {
    const { tracer, spans } = recorder();
    const p = pipeline('p', [], { observer: tracing({ tracer }), classify: () => 'transient' });
    await p.execute(() => 503);
    expect(spans[0]).toMatchObject({ status: SpanStatusCode.ERROR, attributes: { 'error.type': 'transient' } });
  });

  test('without a provider it costs nothing and changes nothing', async () => {
    const p = pipeline('p', [opossum()], { observer: tracing() });
    expect(await p.execute(() => 42)).toBe(42);
    expect(p.snapshot().observerErrors).toBe(0);
  });
});

describe('criticality in baggage', () => {
  test('is seen by whatever was begun inside, over promises, and nowhere else', async () => {
    const p = pipeline('p', []);
    const ask = () => p.execute((ctx) => ctx.headers()['x-criticality'], { criticality: activeCriticality() });
    const inside = withCriticality('sheddable+', async () => {
      await Promise.resolve();
      return [await ask(), await withCriticality('critical+', ask), activeCriticality()];
    });
    expect([activeCriticality(), await ask(), ...(await inside)]).toEqual([undefined, 'critical', 'sheddable+', 'critical+', 'sheddable+']);
  });

  test('leaves other entries alone; a word from outside that is none counts for nothing', () => {
    const given = propagation.createBaggage({ tenant: { value: 'a' }, [CRITICALITY_BAGGAGE]: { value: 'urgent' } });
    context.with(propagation.setBaggage(context.active(), given), () => {
      expect(activeCriticality()).toBeUndefined();
      withCriticality('sheddable', () => {
        const entries = propagation
          .getActiveBaggage()
          ?.getAllEntries()
          .map(([name, { value }]) => `${name}=${value}`);
        expect(entries).toEqual(['tenant=a', 'nines.criticality=sheddable']);
      });
    });
  });
});
