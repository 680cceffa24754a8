import { afterEach, expect, test, vi } from 'vitest';
import { createInspector } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';
import { deliveriesQueue } from '../../src/queue.ts';
import { Sampler } from './sampler.ts';
import { WatchedProcesses } from './watched-processes.ts';
import { WatchedQueue } from './watched-queue.ts';

afterEach(() => vi.useRealTimers());

test('a sampler looks once a second while it runs, and not at all when it is stopped', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  let asked = 0;
  const processes = new WatchedProcesses(() => {
    asked += 1;
    return [];
  }, []);
  const settings = { namespace: 'n', leaseMs: 1000, maxWaiting: 10, maxEventBytes: 1000, retryMinMs: 50, retryMaxMs: 500 };
  await using inspector = createInspector(deliveriesQueue(settings), { store: memoryStore() });
  const looks: number[] = [];
  const sampler = new Sampler({ processes, queue: new WatchedQueue(inspector), prometheusUrl: undefined }, ({ atMs, queue }) => {
    expect(queue?.figures.waiting).toBe(0);
    looks.push(atMs);
  });
  sampler.start();
  sampler.start();
  await vi.advanceTimersByTimeAsync(4500);
  expect(looks.slice(1).map((atMs, at) => atMs - looks[at]!)).toEqual([1000, 1000, 1000, 1000]);
  sampler.stop();
  const before = asked;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(before);
  sampler.start();
  await vi.advanceTimersByTimeAsync(1500);
  expect(asked).toBe(before + 2);
  sampler.stop();
});
