import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, SpanStatusCode } from '@opentelemetry/api';
import type CircuitBreaker from 'opossum';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { http } from '@nines/resilience';
import { instrument } from '@nines/resilience/opossum';
import { tracing } from '@nines/resilience/otel';
import { prometheus } from '@nines/resilience/prometheus';
import { FakeClock } from '@nines/resilience/testing';
import { down, flush } from '../test/calls.ts';
import { breakerOf, fakeTimers, shutDown, watched } from '../test/naked-opossum.ts';
import { recorder, TestContextManager } from '../test/tracer.ts';

beforeAll(() => {
  context.setGlobalContextManager(new TestContextManager());
});
afterAll(() => {
  context.disable();
});
beforeEach(fakeTimers);
afterEach(shutDown);

describe('a service with a naked opossum breaker', () => {
  let server: Server;
  let url: string;
  let healthy = true;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.statusCode = healthy ? 200 : 503;
      response.end('stock');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());

  test('gets spans and metrics from one line', async () => {
    // The service as it was.
    const breaker = breakerOf(
      async (path: string) => {
        const response = await fetch(new URL(path, url));
        tracer.startSpan(`GET ${path}`).end();
        if (!response.ok) throw new TypeError(`status ${response.status} of ${url}`);
        return await response.text();
      },
      { name: 'inventory', errorThresholdPercentage: 40 },
    );
    const { tracer, spans } = recorder();
    const registry = new Registry();

    instrument(breaker, { metrics: prometheus(registry), observer: tracing({ tracer }) });

    healthy = true;
    expect(await breaker.fire('/stock')).toBe('stock');
    healthy = false;
    await expect(breaker.fire('/stock')).rejects.toThrow('status 503');
    await expect(breaker.fire('/stock')).rejects.toThrow('Breaker is open');

    expect(spans.map((span) => [span.name, span.parent, span.ended, span.status])).toEqual([
      ['inventory attempt', undefined, 1, undefined],
      ['GET /stock', 'inventory attempt', 1, undefined],
      ['inventory attempt', undefined, 1, SpanStatusCode.ERROR],
      ['GET /stock', 'inventory attempt', 1, undefined],
    ]);
    expect(spans[2]?.attributes).toEqual({
      'resilience.pipeline': 'inventory',
      'resilience.attempt': 1,
      'resilience.attempt.kind': 'first',
      'resilience.outcome': 'transient',
      'error.type': 'TypeError',
    });
    const text = await registry.metrics();
    for (const sample of [
      'resilience_calls_total{pipeline="inventory",outcome="success"} 1',
      'resilience_calls_total{pipeline="inventory",outcome="transient"} 1',
      'resilience_calls_total{pipeline="inventory",outcome="rejected"} 1',
      'resilience_attempts_total{pipeline="inventory",kind="first",outcome="success"} 1',
      'resilience_attempts_total{pipeline="inventory",kind="first",outcome="transient"} 1',
      'resilience_rejections_total{pipeline="inventory",policy="opossum",reason="open"} 1',
      'resilience_circuit_breaker_transitions_total{pipeline="inventory",from="closed",to="open"} 1',
      'resilience_circuit_breakers{pipeline="inventory",state="open"} 1',
      'resilience_circuit_breakers{pipeline="inventory",state="closed"} 0',
      'resilience_call_duration_seconds_count{pipeline="inventory"} 3',
    ]) {
      expect(text).toContain(`${sample}\n`);
    }
  });
});

describe('instrument tells of an opossum breaker', () => {
  test('its states from the start: the gauge is there before the first call', async () => {
    const registry = new Registry();
    instrument(breakerOf(down), { metrics: prometheus(registry) });
    expect(await registry.metrics()).toContain('resilience_circuit_breakers{pipeline="inventory",state="closed"} 1\n');
  });

  test('opening, refusing while open and while the probe is out, closing', async () => {
    const work = Promise.withResolvers<string>();
    let answer: () => Promise<string> = down;
    const { breaker, told } = watched(() => answer(), { resetTimeout: 100 });
    await breaker.fire().catch(() => {});
    await breaker.fire().catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    answer = () => work.promise;
    const probe = breaker.fire();
    await breaker.fire().catch(() => {});
    work.resolve('well');
    expect(await probe).toBe('well');
    expect(told()).toEqual([
      'attempt transient',
      'call transient',
      'closed → open',
      'rejection opossum open',
      'call rejected',
      'open → half_open',
      'rejection opossum half_open',
      'call rejected',
      'attempt success',
      'call success',
      'half_open → closed',
    ]);
  });

  test('a timeout when it comes; what the function does later changes nothing', async () => {
    const work = Promise.withResolvers<string>();
    const { breaker, events, told } = watched(() => work.promise, { timeout: 50, errorThresholdPercentage: 99 });
    const call = breaker.fire().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(50);
    const error = await call;
    expect(told()).toEqual(['attempt transient', 'call transient', 'closed → open']);
    expect(events[0]).toMatchObject({ type: 'attempt', error });
    work.reject(new Error('late'));
    await flush();
    expect(events).toHaveLength(3);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['times out', () => new Promise(() => {})],
  ])('an error that errorFilter lets pass as ignored, when the function %s', async (_name, action) => {
    const { breaker, told } = watched(action, { errorFilter: () => true, timeout: 50 });
    const call = breaker.fire().catch(() => 'rejected');
    await vi.advanceTimersByTimeAsync(50);
    expect(await call).toBe('rejected');
    expect(told()).toEqual(['attempt ignored', 'call ignored']);
  });

  test('no place left as a rejection, of which the dependency knows nothing', async () => {
    const work = Promise.withResolvers<string>();
    const { breaker, told } = watched(() => work.promise, { capacity: 1, timeout: false, errorThresholdPercentage: 99 });
    const running = breaker.fire();
    await expect(breaker.fire()).rejects.toThrow('Semaphore locked');
    work.resolve('done');
    await running;
    expect(told()).toEqual(['rejection opossum full', 'call rejected', 'attempt success', 'call success']);
  });

  test('a cached answer as a call without an attempt; one that joined another not at all', async () => {
    const cached = watched(async (id: number) => id, { cache: true });
    await cached.breaker.fire(1);
    await cached.breaker.fire(1);
    expect(cached.told()).toEqual(['attempt success', 'call success', 'call success']);
    const joined = watched(async (id: number) => id, { coalesce: true } as CircuitBreaker.Options<[number]>);
    await Promise.all([joined.breaker.fire(1), joined.breaker.fire(1)]);
    expect(joined.told()).toEqual(['attempt success', 'call success']);
  });

  test('what a fallback stood in for', async () => {
    const { breaker, told } = watched(down);
    breaker.fallback(() => 'old stock');
    expect(await breaker.fire()).toBe('old stock');
    expect(await breaker.fire()).toBe('old stock');
    expect(told()).toEqual(['attempt transient', 'call transient', 'closed → open', 'rejection opossum open', 'call rejected']);
  });

  test('calls at the same time, each with its own end', async () => {
    const works = Array.from({ length: 20 }, () => Promise.withResolvers<number>());
    const { breaker, events } = watched((i: number) => works[i]?.promise, { errorThresholdPercentage: 99 });
    const calls = works.map((_work, i) => breaker.fire(i).catch(() => -1));
    const shared = new Error('the same error for all');
    for (const i of works.keys()) if (i % 3 === 0) works[i]?.reject(shared);
    for (const i of works.keys()) if (i % 3 !== 0) works[i]?.resolve(i);
    await Promise.all(calls);
    const kinds = events.flatMap((event) => (event.type === 'attempt' ? [event.kind] : []));
    expect([kinds.filter((kind) => kind === 'transient').length, kinds.filter((kind) => kind === 'success').length]).toEqual([7, 13]);
    expect(new Set(events.flatMap((event) => (event.type === 'attempt' ? [event.info] : []))).size).toBe(20);
  });

  test('a call that is fired inside a listener of fire', async () => {
    const { breaker, told } = watched(async (deep: boolean) => deep);
    const inner: Promise<unknown>[] = [];
    breaker.on('fire', (args: unknown) => {
      if ((args as [boolean])[0]) inner.push(breaker.fire(false));
    });
    expect([await breaker.fire(true), await inner[0]]).toEqual([true, false]);
    expect(told().toSorted()).toEqual(['attempt success', 'attempt success', 'call success', 'call success']);
  });

  test('a function of the user that throws on the way loses no other call', async () => {
    const bad = new Error('key');
    const options = {
      cache: true,
      cacheGetKey: (id: number): string => {
        if (id < 0) throw bad;
        return String(id);
      },
    };
    const { breaker, told } = watched(async (id: number) => id, options);
    for (let i = 0; i < 150; i++) expect(() => breaker.fire(-1)).toThrow(bad);
    expect(await breaker.fire(1)).toBe(1);
    expect(told()).toEqual(['attempt success', 'call success']);
  });

  test('what classify says of a value, and the duration by the clock', async () => {
    const clock = new FakeClock();
    const work = Promise.withResolvers<Response>();
    const { breaker, events } = watched(() => work.promise, {}, { classify: http(), clock });
    const call = breaker.fire();
    await clock.advance(30);
    work.resolve(new Response('', { status: 503 }));
    expect((await call).status).toBe(503);
    expect(events).toMatchObject([
      { type: 'attempt', kind: 'transient', durationMs: 30, info: { attempt: 1, kind: 'first', key: undefined } },
      { type: 'call', kind: 'transient', durationMs: 30, attempts: 1 },
    ]);
  });

  test('a disabled breaker and one whose function returns what is no promise', async () => {
    const disabled = watched(async (fail: boolean) => (fail ? down() : 'up'), { enabled: false });
    expect(await disabled.breaker.fire(false)).toBe('up');
    await expect(disabled.breaker.fire(true)).rejects.toThrow('down');
    expect(disabled.told()).toEqual(['attempt success', 'call success', 'attempt transient', 'call transient']);
    const plain = watched((value: unknown) => value, { errorThresholdPercentage: 99 });
    expect(await plain.breaker.fire(42)).toBe(42);
    await expect(plain.breaker.fire(undefined)).rejects.toThrow(TypeError);
    expect(plain.told()).toEqual(['attempt success', 'call success', 'attempt transient', 'call transient']);
  });
});

test('names are bounded, and what cannot be instrumented is refused with the reason', () => {
  const observer = {};
  const long = watched(down, { name: 'n'.repeat(300) });
  void long.breaker.fire().catch(() => {});
  long.detach();
  expect(long.events.map((event) => event.pipeline.length)).toEqual([100, 100]);
  expect(() => instrument(breakerOf(down), { observer, name: '' })).toThrow(
    'instrument: name must be a string of 1 to 100 characters, got ""',
  );
  expect(() => instrument(breakerOf(down), {})).toThrow('instrument: give metrics, observer or both');
  expect(() => instrument(breakerOf(down), { observer, label: 1 } as never)).toThrow('instrument: unknown option "label"');
  expect(() => instrument({} as never, { observer })).toThrow('instrument: breaker must be an opossum CircuitBreaker, got an object');
  expect(() => instrument(undefined as never, { observer })).toThrow(
    'instrument: breaker must be an opossum CircuitBreaker, got undefined',
  );
});
