import newClient from '@prometheus-io/client';
import { assert, asyncProperty, constantFrom, double, oneof, string } from 'fast-check';
import promClient from 'prom-client';
import { describe, expect, test } from 'vitest';
import { counter, gauge, histogram } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';
import { createRegistry } from './text-registry.ts';

const peers = [
  ['prom-client', promClient],
  ['@prometheus-io/client', newClient],
] as const;

describe.for(peers)('beside the registry of %s', ([, client]) => {
  const theirs = (): MetricRegistry => new client.Registry();

  test('our metrics are the same text, whatever labels, help and values are', async () => {
    const seed = Date.now();
    const text = oneof(string(), constantFrom('a\nb', '\\', '"', 'é😀', ''));
    await assert(
      asyncProperty(text, text, double({ noNaN: true }), async (help, label, value) => {
        const texts = [createRegistry(), theirs()].map((registry) => {
          const options = { help: help || '-', labelNames: ['a', 'b'] as const };
          counter(registry, { ...options, name: 'x_total' }).inc({ a: label, b: 7 }, Math.abs(value));
          gauge(registry, { ...options, name: 'y' }).set(value, { b: label });
          histogram(registry, { ...options, name: 'z_seconds', buckets: [0.1, 1] }).observe(value, { a: label });
          return registry.metrics();
        });
        const [ours, other] = await Promise.all(texts);
        expect(ours).toBe(other);
      }),
      { seed, verbose: true },
    );
  });

  test('metrics of prom-client may be registered here, with the same text', async () => {
    const texts = [createRegistry(), theirs()].map((registry) => {
      const labels = { a: 'x"y' };
      const shape = { help: 'X.', labelNames: ['a' as const], registers: [registry as InstanceType<typeof promClient.Registry>] };
      new promClient.Counter({ ...shape, name: 'a_total' }).inc(labels);
      new promClient.Gauge({ ...shape, name: 'b' }).set(labels, -Infinity);
      new promClient.Histogram({ ...shape, name: 'c_seconds' }).observe(labels, 0.2);
      new promClient.Summary({ ...shape, name: 'd_seconds' }).observe(labels, 0.2);
      return registry.metrics();
    });
    const [ours, other] = await Promise.all(texts);
    expect(ours).toBe(other);
  });
});

test('a name is taken once', () => {
  const registry = createRegistry();
  counter(registry, { name: 'x_total', help: 'X.' });
  expect(() => registry.registerMetric({ name: 'x_total' })).toThrow('metric x_total is already registered');
  expect(registry.getSingleMetric('x_total')).toBeDefined();
  expect(registry.getSingleMetric('y_total')).toBeUndefined();
});

test('a metric that is not there has no text', async () => {
  expect(await createRegistry().getSingleMetricAsString('x')).toBe('');
});
