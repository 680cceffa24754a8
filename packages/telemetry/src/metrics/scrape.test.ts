import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import successor from '@prometheus-io/client';
import promClient from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { counter } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';
import { metricsHandler } from './scrape.ts';

const registries: readonly (readonly [string, () => MetricRegistry])[] = [
  ['prom-client', () => new promClient.Registry()],
  ['@prometheus-io/client', () => new successor.Registry()],
];

function bad(registry: MetricRegistry, name: string, get: () => unknown): void {
  registry.registerMetric({ name, help: name, type: 'gauge', get });
}

describe.for(registries)('a scrape of a registry of %s', ([, create]) => {
  test('is the registry itself when every collector answers', async () => {
    const registry = create();
    counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] }).inc({ queue: 'a"b\\c\nd' }, 2);
    counter(registry, { name: 'other_total', help: 'Others.' });
    expect(await metricsHandler(registry).render()).toBe(await registry.metrics());
  });

  test('serves the rest when one collector throws and another hangs', async () => {
    const registry = create();
    const clock = fakeClock();
    const failures: string[] = [];
    counter(registry, { name: 'good_total', help: 'Good.' }).inc({}, 3);
    bad(registry, 'throwing', () => {
      throw new Error('redis is down');
    });
    bad(registry, 'hanging', () => new Promise(() => undefined));
    const onCollectorError = (metric: string, error: unknown) => failures.push(`${metric}: ${(error as Error).message}`);
    const handler = metricsHandler(registry, { timeoutMs: 200, clock, onCollectorError });
    const scrape = handler.render();
    await clock.advance(200);
    const text = await scrape;
    expect(text).toContain('good_total 3\n');
    expect(text).toContain('telemetry_collector_up{metric="throwing"} 0\n');
    expect(text).toContain('telemetry_collector_up{metric="hanging"} 0\n');
    expect(failures.toSorted()).toEqual(['hanging: timed out after 200 ms', 'throwing: redis is down']);
    expect(clock.waiting()).toBe(0);
  });

  test('reports a collector that has healed', async () => {
    const registry = create();
    let broken = true;
    bad(registry, 'moody', () => {
      if (broken) throw new Error('not now');
      return { name: 'moody', help: 'moody', type: 'gauge', values: [{ value: 7, labels: {} }] };
    });
    const handler = metricsHandler(registry);
    expect(await handler.render()).not.toContain('moody 7');
    broken = false;
    const text = await handler.render();
    expect(text).toContain('moody 7');
    expect(text).toContain('telemetry_collector_up{metric="moody"} 1');
  });
});

test('fifty scrapes in parallel collect once, and a hanging collector is called once until it ends', async () => {
  const registry = new promClient.Registry();
  const clock = fakeClock();
  let calls = 0;
  let finish: (value: unknown) => void = () => undefined;
  bad(registry, 'slow', () => {
    calls += 1;
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  const handler = metricsHandler(registry, { timeoutMs: 100, clock });
  const scrapes = Array.from({ length: 50 }, () => handler.render());
  await clock.advance(100);
  expect(new Set(await Promise.all(scrapes)).size).toBe(1);
  expect(calls).toBe(1);
  const second = handler.render();
  await clock.advance(0);
  expect(calls).toBe(1);
  finish({ name: 'slow', help: 'slow', type: 'gauge', values: [{ value: 5, labels: {} }] });
  expect(await second).toContain('slow 5');
});

test('a registry set to OpenMetrics is refused', () => {
  const registry = new promClient.Registry<typeof promClient.Registry.OPENMETRICS_CONTENT_TYPE>();
  registry.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE);
  expect(() => metricsHandler(registry)).toThrow('registry must write the Prometheus text format, got application/openmetrics-text');
});

test('over HTTP it answers GET and refuses POST', async () => {
  const registry = new promClient.Registry();
  counter(registry, { name: 'jobs_total', help: 'Jobs.' }).inc();
  const server = createServer(metricsHandler(registry));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toContain('jobs_total 1\n');
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
});
