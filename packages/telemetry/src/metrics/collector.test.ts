import { expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createRegistry } from './text-registry.ts';
import { collector } from './collector.ts';
import { metricsHandler } from './scrape.ts';

function depthOf(collect: (set: (value: number, labels?: { queue?: string }) => void, signal: AbortSignal) => unknown) {
  const clock = fakeClock();
  const registry = createRegistry();
  const options = { name: 'depth', help: 'Depth.', labelNames: ['queue'] as const, intervalMs: 1000, timeoutMs: 500, maxStalenessMs: 5000 };
  const depth = collector(registry, { ...options, clock, collect });
  const handler = metricsHandler(registry, { clock });
  return { clock, registry, depth, scrape: () => handler.render() };
}

test('values are collected in the background and shown until they are stale', async () => {
  let answer: number | Error = 7;
  const { clock, scrape } = depthOf((set) => {
    if (answer instanceof Error) throw answer;
    set(answer, { queue: 'mail' });
  });
  await clock.advance(0);
  expect(await scrape()).toContain('depth{queue="mail"} 7\n');
  answer = 8;
  await clock.advance(1000);
  expect(await scrape()).toContain('depth{queue="mail"} 8\n');
  answer = new Error('redis is down');
  await clock.advance(2000);
  const failing = await scrape();
  expect(failing).toContain('depth{queue="mail"} 8\n');
  expect(failing).toContain('telemetry_collector_up{metric="depth"} 0\n');
  expect(failing).toContain('telemetry_internal_errors_total{component="collector"} 2\n');
  await clock.advance(5000);
  expect(await scrape()).not.toContain('depth{queue="mail"}');
  answer = 1;
  await clock.advance(1000);
  const healed = await scrape();
  expect(healed).toContain('depth{queue="mail"} 1\n');
  expect(healed).toContain('telemetry_collector_up{metric="depth"} 1\n');
});

test('a collection that hangs is aborted, is not begun a second time, and its late values are dropped', async () => {
  let calls = 0;
  let signal: AbortSignal | undefined;
  let finish: () => void = () => undefined;
  const { clock, scrape } = depthOf((set, given) => {
    calls += 1;
    signal = given;
    return new Promise<void>((resolve) => {
      finish = () => {
        set(99);
        resolve();
      };
    });
  });
  await clock.advance(500);
  expect(signal?.aborted).toBe(true);
  await clock.advance(3000);
  expect(calls).toBe(1);
  finish();
  await clock.advance(0);
  expect(await scrape()).not.toContain('depth{queue=""} 99');
  await clock.advance(1000);
  expect(calls).toBe(2);
});

test('stop ends it and leaves no timer', async () => {
  const { clock, depth } = depthOf((set) => set(1));
  await clock.advance(1500);
  depth.stop();
  await clock.advance(0);
  expect(clock.waiting()).toBe(0);
});

test('wrong options are refused and leave nothing in the registry', () => {
  const registry = createRegistry();
  const wrong = { name: 'depth', help: 'Depth.', collect: () => 0, intervalMs: 1 };
  expect(() => collector(registry, wrong)).toThrow('intervalMs must be a whole number from 10 to 3600000, got 1');
  expect(() => collector(registry, { ...wrong, intervalMs: 10, collect: 3 as never })).toThrow('collect must be a function, got 3');
  expect(registry.getMetricsAsArray()).toEqual([]);
});
