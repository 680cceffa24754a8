import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { instrument } from '@nines/resilience/opossum';
import { tracing } from '@nines/resilience/otel';
import { prometheus } from '@nines/resilience/prometheus';
import { down } from '../test/calls.ts';
import { breakerOf, fakeTimers, line, shutDown, watched } from '../test/naked-opossum.ts';
import { recorder } from '../test/tracer.ts';
import { unhandledRejections } from '../test/unhandled.ts';

const unhandled = unhandledRejections();
beforeEach(fakeTimers);
afterEach(shutDown);

describe('instrument changes nothing', () => {
  /** Everything that opossum emits and answers in one life of a breaker. */
  async function life(telemetry: boolean): Promise<unknown[]> {
    const seen: unknown[] = [];
    const that: unknown[] = [];
    let answer: (n: number) => unknown = (n) => n;
    function action(this: unknown, n: number): unknown {
      that.push(this === action ? 'itself' : this);
      return answer(n);
    }
    const breaker = breakerOf(action, { resetTimeout: 100, timeout: 50, capacity: 2, volumeThreshold: 3 });
    for (const event of ['fire', 'success', 'failure', 'timeout', 'reject', 'semaphoreLocked', 'open', 'halfOpen', 'close', 'fallback']) {
      breaker.addListener(event, (...args: unknown[]) => seen.push([event, ...args.map(String)]));
    }
    const broken = {
      event: (): never => {
        throw new Error('observer');
      },
    };
    if (telemetry) instrument(breaker, { observer: [tracing(), broken], classify: () => broken.event() });
    const fire = async (n: number): Promise<void> => void seen.push(await breaker.fire(n).catch(String));
    await fire(1);
    await breaker.call('context', 2);
    const hung = [0, 1, 2].map((n) => {
      answer = () => new Promise(() => {});
      return fire(n);
    });
    await vi.advanceTimersByTimeAsync(60);
    await Promise.all(hung);
    answer = down;
    for (let i = 0; i < 4; i++) await fire(i);
    await vi.advanceTimersByTimeAsync(100);
    answer = (n) => Promise.resolve(n);
    await fire(3);
    return [seen, that, breaker.stats, breaker.toJSON().state];
  }

  test('events, results, statistics and this are the same with and without it, also under observers that throw', async () => {
    const plain = await life(false);
    expect(JSON.stringify(plain)).toContain('halfOpen');
    vi.setSystemTime(vi.getRealSystemTime());
    const without = await life(false);
    const time = { lastTimerAt: 0, now: 0 };
    const comparable = (run: unknown[]): unknown => JSON.parse(JSON.stringify(run), (key, value: unknown) => (key in time ? 0 : value));
    expect(comparable(without)).toEqual(comparable(plain));
    expect(comparable(await life(true))).toEqual(comparable(plain));
  });

  test('a promise that nobody handles is still reported, once, and one that is handled is not', async () => {
    for (const enabled of [true, false]) {
      const breaker = breakerOf(down, { enabled });
      instrument(breaker, { observer: tracing() });
      void breaker.fire();
      expect(await unhandled()).toHaveLength(1);
      await breaker.fire().catch(() => {});
      expect(await unhandled()).toEqual([]);
    }
  });

  test('a thenable that works at each then is asked once', async () => {
    let queries = 0;
    const query = () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
      then: (ok: (value: string) => unknown) => {
        queries += 1;
        return Promise.resolve('rows').then(ok);
      },
    });
    const { breaker, told } = watched(query);
    expect(await breaker.fire()).toBe('rows');
    expect([queries, told()]).toEqual([1, ['attempt success', 'call success']]);
  });
});

describe('detaching', () => {
  test('gives the breaker back as it was, ends what is out, and empties the gauge', async () => {
    const action = (): Promise<string> => new Promise(() => {});
    const breaker = breakerOf(action, { name: 'inventory', timeout: false });
    const listeners = () => breaker.eventNames().map((event) => [event, breaker.listenerCount(event)]);
    const before = listeners();
    const registry = new Registry();
    const { tracer, spans } = recorder();
    const detach = instrument(breaker, { metrics: prometheus(registry), observer: tracing({ tracer }) });
    expect((breaker as unknown as { action: unknown }).action).not.toBe(action);
    void breaker.fire();
    detach();
    detach();
    expect([(breaker as unknown as { action: unknown }).action, listeners()]).toEqual([action, before]);
    expect(spans).toMatchObject([{ ended: 1, attributes: { 'resilience.outcome': 'ignored' } }]);
    void breaker.fire();
    expect(spans).toHaveLength(1);
    expect(await registry.metrics()).toContain('resilience_circuit_breakers{pipeline="inventory",state="closed"} 0\n');
  });

  test('two at once may detach in any order', async () => {
    const { breaker, told, detach } = watched(async () => 'up');
    const second: string[] = [];
    const detachSecond = instrument(breaker, { observer: { event: (event) => void second.push(line(event)) } });
    await breaker.fire();
    detach();
    await breaker.fire();
    detachSecond();
    expect(await breaker.fire()).toBe('up');
    expect([told(), second]).toEqual([
      ['attempt success', 'call success'],
      ['attempt success', 'call success', 'attempt success', 'call success'],
    ]);
  });

  test('shutting the breaker down detaches', async () => {
    const { breaker, told } = watched(() => new Promise(() => {}), { timeout: false });
    void breaker.fire();
    breaker.shutdown();
    expect(told()).toEqual(['attempt ignored', 'call ignored']);
    await expect(breaker.fire()).rejects.toThrow('shutdown');
  });

  test('leaves no span open', async () => {
    const { tracer, spans } = recorder();
    const { breaker } = watched(
      (ok: boolean) => (ok ? Promise.resolve() : down()),
      { errorThresholdPercentage: 99, volumeThreshold: 1e6 },
      {
        observer: tracing({ tracer }),
      },
    );
    for (let i = 0; i < 200; i++) await breaker.fire(i % 2 === 0).catch(() => {});
    breaker.shutdown();
    expect([spans.length, spans.every((span) => span.ended === 1)]).toEqual([200, true]);
  });
});
